"""The file of lines."""

from generations.sandbox.journal import Journal


def test_what_was_appended_is_read_again(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"kind": "order", "prompt": "жёлтый\nсвет"})
    assert list(Journal(tmp_path / "journal.jsonl").read()) == [{"kind": "order", "prompt": "жёлтый\nсвет"}]


def test_a_line_cut_by_a_crash_is_passed_over(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"kind": "order"}\n[1]\n{"kind": "do')
    assert list(Journal(path).read()) == [{"kind": "order"}]


def test_rewriting_replaces_the_whole_file(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"a": 1})
    journal.close()
    journal.rewrite([{"b": 2}])
    assert list(journal.read()) == [{"b": 2}]
    assert [path.name for path in tmp_path.iterdir()] == ["journal.jsonl"]


def test_a_closed_journal_takes_nothing_more(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.close()
    journal.append({"a": 1})
    assert not journal.path.exists()


def test_no_file_is_no_history(tmp_path):
    assert list(Journal(tmp_path / "none").read()) == []


def test_nobody_else_may_read_it(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"callback_url": "https://studio/webhooks/apixo/1:token/"})
    journal.close()
    assert journal.path.stat().st_mode & 0o777 == 0o600
    journal.path.chmod(0o644)  # as an earlier version left it
    journal.rewrite([])
    assert journal.path.stat().st_mode & 0o777 == 0o600
