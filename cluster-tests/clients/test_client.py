"""Every call of `openfire-restapi`, a client that others wrote, with its effect."""

import datetime
import inspect

import openfire_restapi
import pytest
from openfire_restapi import exceptions

from conftest import DOMAIN, PASSWORD, SECRET

RESOURCES = ["users", "rooms", "system", "groups", "sessions", "messages", "security", "clustering"]

CALLED: set[str] = set()
"""The calls made so far, as `resource.method`."""


class Recorder:
    """A resource of the client that remembers which of its calls were made."""

    def __init__(self, name, resource):
        self._name, self._resource = name, resource

    def __getattr__(self, name):
        CALLED.add(f"{self._name}.{name}")
        return getattr(self._resource, name)


def recorded(client):
    for name in RESOURCES:
        setattr(client, name, Recorder(name, getattr(client, name)))
    return client


@pytest.fixture(scope="session")
def api(node):
    return recorded(openfire_restapi.OpenfireRestApiClient(node.url, SECRET))


@pytest.fixture
def user(api):
    """Makes users that are gone after the test."""
    made = []

    def make(name, /, **more):
        assert api.users.add_user(name, "secret", **more) is True
        made.append(name)
        return name

    yield make
    for name in made:
        try:
            api.users.delete_user(name)
        except exceptions.UserNotFoundException:
            pass


@pytest.fixture
def group(api):
    """Makes groups that are gone after the test."""
    made = []

    def make(name, /, **more):
        assert api.groups.add_group(name, more.pop("description", ""), **more) is True
        made.append(name)
        return name

    yield make
    for name in made:
        try:
            api.groups.delete_group(name)
        except exceptions.GroupNotFoundException:
            pass


@pytest.fixture
def room(api):
    """Makes rooms that are gone after the test."""
    made = []

    def make(name, /, **more):
        assert api.rooms.add_room(name, more.pop("naturalname", name), more.pop("description", "for a test"), **more) is True
        made.append((name, more.get("servicename", "conference")))
        return name

    yield make
    for name, service in made:
        try:
            api.rooms.delete_room(name, servicename=service)
        except exceptions.RoomNotFoundException:
            pass


def jid(name):
    return f"{name}@{DOMAIN}"


class TestAuthentication:
    def test_an_administrator_may_call(self, node):
        client = openfire_restapi.OpenfireRestApiClient(node.url, ("admin", PASSWORD))
        assert client.users.get_user("admin")["username"] == "admin"

    def test_nobody_else_may(self, node):
        for wrong in [("admin", "wrong"), "wrong-secret"]:
            client = openfire_restapi.OpenfireRestApiClient(node.url, wrong)
            with pytest.raises(exceptions.ImproperlyConfiguredException, match="Authorization rejected"):
                client.users.get_users()


class TestUsers:
    def test_create_and_read(self, api, user):
        user("mira", name="Mira Holt", email="mira@mail.example", props={"shift": "night", "desk": ""})
        expected = {"username": "mira", "name": "Mira Holt", "email": "mira@mail.example", "properties": {"shift": "night", "desk": ""}}
        assert api.users.get_user("mira") == expected
        assert api.users.get_users()["mira"] == expected
        with pytest.raises(exceptions.UserAlreadyExistsException, match="Could not create new user"):
            api.users.add_user("MIRA", "secret")

    def test_search(self, api, user):
        user("tobias", props={"shift": "day"})
        user("tobit", props={"shift": "night"})
        assert set(api.users.get_users(query="tobi")) == {"tobias", "tobit"}
        assert api.users.get_users(query="nothing-of-the-kind") == {}
        assert set(api.users.get_users(property_key="shift")) == {"tobias", "tobit"}
        assert set(api.users.get_users(property_key="shift", property_value="day")) == {"tobias"}

    def test_update_and_rename(self, api, user):
        user("old", name="Old", props={"a": "1"})
        assert api.users.update_user("old", name="Older", email="old@mail.example", props={"b": "2"}) is True
        assert api.users.get_user("old") == {"username": "old", "name": "Older", "email": "old@mail.example", "properties": {"b": "2"}}
        api.users.add_user_group("old", "Elders")
        user("taken")
        with pytest.raises(exceptions.UserAlreadyExistsException):
            api.users.update_user("old", newusername="taken")
        assert api.users.update_user("old", newusername="new") is True
        assert api.users.get_user("new")["name"] == "Older"
        assert api.users.get_user_groups("new") == ["Elders"]
        with pytest.raises(exceptions.UserNotFoundException):
            api.users.get_user("old")
        api.users.delete_user("new")
        api.groups.delete_group("Elders")

    def test_a_password_can_be_changed(self, api, node):
        admin = lambda password: openfire_restapi.OpenfireRestApiClient(node.url, ("admin", password)).users.get_user("admin")
        assert api.users.update_user("admin", password="another") is True
        assert admin("another")["username"] == "admin"
        with pytest.raises(exceptions.ImproperlyConfiguredException):
            admin(PASSWORD)
        assert api.users.update_user("admin", password=PASSWORD) is True

    def test_delete(self, api, user):
        user("gone")
        assert api.users.delete_user("gone") is True
        for call in [api.users.get_user, api.users.delete_user]:
            with pytest.raises(exceptions.UserNotFoundException, match="Could not get user"):
                call("gone")

    def test_names_that_need_escapes(self, api, user):
        for name in ["ann\\20lee", "grüße", "a+b", "50%", "a;b=c"]:
            user(name)
            assert api.users.get_user(name)["username"] == name.lower().replace("ß", "ss")

    def test_groups_of_a_user(self, api, user, group):
        user("greta")
        group("Crew")
        group("Night Shift/ä")
        assert api.users.get_user_groups("greta") == []
        assert api.users.add_user_groups("greta", ["Crew", "Night Shift/ä"]) is True
        assert api.users.get_user_groups("greta") == ["Crew", "Night Shift/ä"]
        assert api.users.remove_user_groups("greta", ["Crew"]) is True
        assert api.users.get_user_groups("greta") == ["Night Shift/ä"]
        assert api.users.add_user_group("greta", "Crew") is True
        assert api.users.remove_user_group("greta", "Night Shift/ä") is True
        assert api.users.get_user_groups("greta") == ["Crew"]
        assert api.groups.get_group("Crew")["members"] == [jid("greta")]
        with pytest.raises(exceptions.GroupNotFoundException):
            api.users.remove_user_group("greta", "No such group")

    def test_lockouts(self, api, node, user):
        assert api.users.lock_user("admin") is True
        locked_out = openfire_restapi.OpenfireRestApiClient(node.url, ("admin", PASSWORD))
        with pytest.raises(exceptions.ImproperlyConfiguredException):
            locked_out.users.get_users()
        assert api.users.unlock_user("admin") is True
        assert "admin" in locked_out.users.get_users()
        with pytest.raises(exceptions.UserNotFoundException):
            api.users.lock_user("nobody")

    def test_roster(self, api, user):
        user("ross")
        users = api.users
        assert users.get_user_roster("ross") == []
        assert users.add_user_roster_item("ross", jid("tobi"), nickname="Tobi", subscription=users.SUBSCRIPTION_BOTH, groups=["Crew"]) is True
        item = {"jid": jid("tobi"), "nickname": "Tobi", "subscriptionType": 3, "groups": ["Crew"]}
        assert users.get_user_roster("ross") == [item]
        with pytest.raises(exceptions.UserAlreadyExistsException):
            users.add_user_roster_item("ross", jid("tobi"))
        assert users.update_user_roster_item("ross", jid("tobi"), nickname="T", subscription=users.SUBSCRIPTION_TO, groups=[]) is True
        assert users.get_user_roster("ross") == [{"jid": jid("tobi"), "nickname": "T", "subscriptionType": 1, "groups": []}]
        assert users.add_user_roster_item("ross", "plain@elsewhere.example") is True
        assert {item["jid"]: item["subscriptionType"] for item in users.get_user_roster("ross")}["plain@elsewhere.example"] == 0
        assert users.delete_user_roster_item("ross", jid("tobi")) is True
        assert [item["jid"] for item in users.get_user_roster("ross")] == ["plain@elsewhere.example"]

    def test_vcard(self, api, user):
        user("vera")
        card = '<vCard xmlns="vcard-temp"><FN>Vera V.</FN></vCard>'
        assert api.users.get_user_vcard("vera") is None
        assert api.users.update_user_vcard("vera", card) is True
        assert card in api.users.get_user_vcard("vera")
        assert api.users.delete_user_vcard("vera") is True
        assert api.users.get_user_vcard("vera") is None


class TestGroups:
    def test_create_read_update_delete(self, api, user, group):
        user("ann"), user("bob")
        group("Crew", description="All hands", admins=["ann"], members=["bob", "carl@elsewhere.example"])
        expected = {"name": "Crew", "description": "All hands", "admins": [jid("ann")], "members": [jid("bob"), "carl@elsewhere.example"], "shared": False}
        assert api.groups.get_group("Crew") == expected
        listed = api.groups.get_groups()["Crew"]
        assert (listed["name"], listed["description"], listed["shared"]) == ("Crew", "All hands", False)
        with pytest.raises(exceptions.GroupAlreadyExistsException):
            api.groups.add_group("Crew", "again")
        assert api.groups.update_group("Crew", "Fewer hands", members=["ann"]) is True
        assert api.groups.get_group("Crew") == {**expected, "description": "Fewer hands", "admins": [], "members": [jid("ann")]}
        assert api.groups.delete_group("Crew") is True
        with pytest.raises(exceptions.GroupNotFoundException):
            api.groups.get_group("Crew")


class TestRooms:
    def test_create_and_read(self, api, room):
        before = datetime.datetime.now() - datetime.timedelta(seconds=2)
        room("tea", naturalname="Tea Room", description="Leaves & kettles", subject="Oolong", maxusers=12, owners=[jid("ann")], members=[jid("bob")], broadcastroles=["moderator"])
        found = api.rooms.get_room("tea")
        assert before < found.pop("creationDate") < datetime.datetime.now() + datetime.timedelta(seconds=2)
        found.pop("modificationDate")
        assert found == {
            "roomName": "tea", "naturalName": "Tea Room", "description": "Leaves & kettles", "subject": "Oolong", "maxUsers": 12,
            "persistent": True, "publicRoom": True, "registrationEnabled": True, "canAnyoneDiscoverJID": True,
            "canOccupantsChangeSubject": False, "canOccupantsInvite": False, "canChangeNickname": True, "logEnabled": True,
            "loginRestrictedToNickname": False, "membersOnly": False, "moderated": False, "broadcastPresenceRoles": ["moderator"],
            "owners": [jid("ann")], "admins": [], "members": [jid("bob")], "outcasts": [],
            "ownerGroups": [], "adminGroups": [], "memberGroups": [], "outcastGroups": [], "allowPM": "anyone",
        }  # fmt: skip
        with pytest.raises(exceptions.RoomNotFoundException):
            api.rooms.get_room("coffee")

    def test_list(self, api, room, group):
        group("Brewers", members=["ann"])
        room("tea", naturalname="Tea Room", member_groups=["Brewers"])
        room("cellar", naturalname="Cellar", public=False)
        assert set(api.rooms.get_rooms()) == {"tea"}
        assert set(api.rooms.get_rooms(typeof="all")) == {"tea", "cellar"}
        assert set(api.rooms.get_rooms(typeof="all", query="CELL")) == {"cellar"}
        assert api.rooms.get_rooms()["tea"]["members"] == []
        expanded = api.rooms.get_rooms(expand_groups=True)["tea"]
        assert (expanded["members"], expanded["memberGroups"]) == ([jid("ann")], ["Brewers"])

    def test_update_and_delete(self, api, room):
        room("tea")
        assert api.rooms.update_room("tea", "Green Tea", "cold", maxusers=3, moderated=True, owners=[jid("ann")]) is True
        found = api.rooms.get_room("tea")
        assert (found["naturalName"], found["description"], found["maxUsers"], found["moderated"]) == ("Green Tea", "cold", 3, True)
        assert api.rooms.delete_room("tea") is True
        with pytest.raises(exceptions.RoomNotFoundException):
            api.rooms.delete_room("tea")

    def test_bulk(self, api):
        rooms = [{"roomName": name, "naturalName": name, "description": "d", "persistent": True} for name in ["bulk1", "bulk2"]]
        results = api.rooms.bulk_add_rooms([*rooms, {"roomName": "bad name", "naturalName": "x", "description": "d"}])
        assert [(result["roomName"], result["resultType"]) for result in results["success"]] == [("bulk1", "Success"), ("bulk2", "Success")]
        assert [result["resultType"] for result in results["failure"]] == ["Failure"]
        assert results["other"] == []
        for name in ["bulk1", "bulk2"]:
            assert api.rooms.get_room(name)["naturalName"] == name
            api.rooms.delete_room(name)

    def test_who_is_there_and_what_was_said(self, api, room):
        room("tea")
        assert api.rooms.get_room_participants("tea") == []
        assert api.rooms.get_room_occupants("tea") == []
        assert api.rooms.get_room_message_history("tea") == []
        for call in [api.rooms.get_room_participants, api.rooms.get_room_occupants, api.rooms.get_room_message_history]:
            with pytest.raises(exceptions.RoomNotFoundException):
                call("coffee")

    @pytest.mark.parametrize("role", ["owners", "admins", "members", "outcasts"])
    def test_affiliations(self, api, room, group, role):
        rooms = api.rooms
        group("Brewers")
        room("tea", owners=[jid("keeper")])
        keepers = [jid("keeper")] if role == "owners" else []
        listed = lambda: sorted(rooms.get_users_with_role("tea", role))
        assert listed() == keepers
        assert rooms.grant_user_role("tea", "ann", role) is True
        assert listed() == sorted([jid("ann"), *keepers])
        assert rooms.bulk_grant_users_role("tea", role, [jid("bob"), "carl"]) is True
        assert listed() == sorted([jid("ann"), jid("bob"), jid("carl"), *keepers])
        assert rooms.revoke_user_role("tea", jid("ann"), role) is True
        assert listed() == sorted([jid("bob"), jid("carl"), *keepers])
        assert rooms.replace_users_with_role("tea", role, [jid("dora"), *keepers]) is True
        assert listed() == sorted([jid("dora"), *keepers])
        assert rooms.grant_group_role("tea", "Brewers", role) is True
        assert rooms.get_room("tea")[role[:-1] + "Groups"] == ["Brewers"]
        assert rooms.revoke_group_role("tea", "Brewers", role) is True
        assert rooms.get_room("tea")[role[:-1] + "Groups"] == []
        with pytest.raises(exceptions.NotAllowedException, match="Could not delete affiliation"):
            rooms.revoke_user_role("tea", "stranger", role)

    def test_invitations(self, api, room, user):
        user("ann"), user("bob")
        room("tea")
        assert api.rooms.invite("tea", "ann", reason="Tea is served") is True
        assert api.rooms.bulk_invite("tea", ["bob", jid("ann")], reason="Once more") is True
        assert api.messages.get_unread_messages(jid("ann")) == 2
        assert api.messages.get_unread_messages(jid("bob")) == 1
        with pytest.raises(exceptions.RoomNotFoundException):
            api.rooms.invite("coffee", "ann")

    def test_services(self, api, room):
        services = {service["serviceName"]: service for service in api.rooms.get_chat_services()}
        assert services["conference"]["hidden"] is False
        assert api.rooms.add_chat_service("parlour", "Small talk", hidden=True) is True
        services = {service["serviceName"]: service for service in api.rooms.get_chat_services()}
        assert services["parlour"] == {"serviceName": "parlour", "description": "Small talk", "hidden": True}
        with pytest.raises(exceptions.AlreadyExistsException):
            api.rooms.add_chat_service("parlour", "again")
        room("tea", servicename="parlour")
        assert api.rooms.get_room("tea", servicename="parlour")["roomName"] == "tea"
        assert "tea" not in api.rooms.get_rooms(typeof="all")


class TestSystem:
    def test_properties(self, api):
        system = api.system
        assert system.get_prop("xmpp.domain") == DOMAIN
        assert system.get_props()["xmpp.domain"] == DOMAIN
        with pytest.raises(exceptions.PropertyNotFoundException):
            system.get_prop("test.key")
        assert system.add_prop("test.key", "one") is True
        assert (system.get_prop("test.key"), system.get_props()["test.key"]) == ("one", "one")
        assert system.update_prop("test.key", "two ä & <b>") is True
        assert system.get_prop("test.key") == "two ä & <b>"
        assert system.delete_prop("test.key") is True
        for call in [system.get_prop, system.delete_prop, lambda key: system.update_prop(key, "x")]:
            with pytest.raises(exceptions.PropertyNotFoundException):
                call("test.key")

    def test_statistics(self, api):
        assert api.system.get_concurrent_sessions() == {"localSessions": 0, "clusterSessions": 0}

    def test_liveness(self, api):
        assert api.system.check_liveness() is True
        assert api.system.check_deadlock_liveness() is True
        assert api.system.check_properties_liveness() is True

    def test_readiness(self, api):
        assert api.system.check_readiness() is True
        assert api.system.check_server_readiness() is True
        assert api.system.check_cluster_readiness() is True
        assert api.system.check_plugins_readiness() is True
        assert api.system.check_connections_readiness() is True
        assert api.system.check_connections_readiness("WEBADMIN", False) is True
        assert api.system.check_connections_readiness("NO_SUCH_TYPE", False) is False


class TestSessionsAndMessages:
    def test_sessions(self, api):
        assert api.sessions.get_sessions() == []
        assert api.sessions.get_user_sessions("admin") == []
        assert api.sessions.close_user_sessions("admin") is True

    def test_broadcast(self, api):
        assert api.messages.send_broadcast("Maintenance at 22:00") is True
        with pytest.raises(exceptions.IllegalArgumentException, match="Message content/body is null or empty"):
            api.messages.send_broadcast("")

    def test_unread(self, api):
        assert api.messages.get_unread_messages(jid("admin")) == 0


class TestSecurity:
    def test_the_audit_log_tells_who_did_what(self, api, node, user):
        client = openfire_restapi.OpenfireRestApiClient(node.url, ("admin", PASSWORD))
        client.users.add_user("audited", "secret")
        client.users.delete_user("audited")
        newest, before = api.security.get_audit_logs(limit=2)
        assert (newest["summary"], before["summary"]) == ("deleted user audited", "created new user audited")
        assert {newest["username"], before["username"]} == {"admin"}
        assert newest["logId"] > before["logId"]
        assert abs(newest["timestamp"] - datetime.datetime.now()) < datetime.timedelta(seconds=60)
        assert "secret" not in newest.get("details", "") + before.get("details", "")

    def test_filters(self, api, user):
        user("filtered")
        everything = api.security.get_audit_logs(limit=1000)
        assert api.security.get_audit_logs(offset=1, limit=1) == everything[1:2]
        assert api.security.get_audit_logs(username="nobody") == []
        assert all(entry["username"] == "admin" for entry in api.security.get_audit_logs(username="admin"))
        now, hour = datetime.datetime.now(), datetime.timedelta(hours=1)
        assert api.security.get_audit_logs(start_time=now - hour, end_time=now + hour, limit=1000) == everything
        assert api.security.get_audit_logs(start_time=now + hour) == []
        assert api.security.get_audit_logs(end_time=now - hour) == []


class TestClustering:
    def test_nodes(self, api):
        status = api.clustering.get_status()
        nodes = api.clustering.get_nodes()
        if status == "Disabled":
            assert nodes == {}
        for name, found in nodes.items():
            assert api.clustering.get_node(name) == found
            assert found["seniorMember"] is (status != "Junior member" and len(nodes) == 1)
        with pytest.raises(exceptions.ClusterNodeNotFoundException):
            api.clustering.get_node("no-such-node")


def test_every_call_was_made(api):
    """Runs last: nothing that the client can do was left out."""
    public = {
        f"{name}.{method}"
        for name in RESOURCES
        for method, _ in inspect.getmembers(getattr(api, name)._resource, inspect.ismethod)
        if not method.startswith("_")
    }
    assert len(public) > 60
    assert public - CALLED == set()
