"""The pages of users and groups: Django's own, with each change of who may do what in the audit.

What is chosen stands in plain lists, which screen readers know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from generations.admin.audited import Audited
from generations.models import Action

if TYPE_CHECKING:  # only the stubs' class is generic
    BaseUserAdmin = UserAdmin[User]
else:
    BaseUserAdmin = UserAdmin

admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(Audited, BaseUserAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]  # facts, and their fields have no labels


@admin.register(Group)
class PeopleGroupAdmin(Audited, GroupAdmin):
    changed_as = Action.GRANTED
    filter_horizontal = ()
