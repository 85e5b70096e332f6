"""Single rules that the providers' tables do not reach."""

import pytest

from generations.sandbox.rules import Refused, callback, flag, is_loopback, number


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "studio.localhost", "::1"])
def test_this_machine_is_recognised(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "128.0.0.1", ""])
def test_other_machines_are_not_this_one(host):
    assert not is_loopback(host)


@pytest.mark.parametrize("url", ["https://", "https://a b/", "https://[::1", "https://h:99999/", "ftp://h/", 5, ""])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Refused):
        callback({"callback_url": url}, "callback_url", public=True)


@pytest.mark.parametrize("value", [0, 1, 0.1, 0.7, "0.3", "1.0"])
def test_tenths_are_accepted(value):
    number({"cfg_scale": value}, "cfg_scale", strings=True)


@pytest.mark.parametrize("value", [True, "", "inf", [], 2, 0.05])
def test_other_numbers_are_refused(value):
    with pytest.raises(Refused):
        number({"cfg_scale": value}, "cfg_scale", strings=True)


def test_a_number_has_its_own_edges_and_steps():
    for value in (-5, 0, 20):
        number({"tilt": value}, "tilt", least="-5", most="20", step="5")
    for value in (-10, 3, 25):
        with pytest.raises(Refused):
            number({"tilt": value}, "tilt", least="-5", most="20", step="5")
    number({}, "tilt")


def test_a_flag_is_required_unless_it_has_a_default():
    assert flag({"loop": True}, "loop")
    assert flag({}, "loop", default=False) is False
    for given in ({}, {"loop": "yes"}):
        with pytest.raises(Refused):
            flag(given, "loop")
