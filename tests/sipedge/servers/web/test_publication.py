"""Web services published through a real HAProxy: which server answers for which name."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from support.web_world import DISCOVER, FRONT, JOIN, MEET, MEETING, rule, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

INSIDE = 'verify_name = "pool.inside.example.com"'


def test_web_bridges_are_found_by_service_records_and_take_turns() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(3)
            here.use(MEETING)
            await here.settles(JOIN, {f"cms{number}.example.com:9443": "active" for number in (1, 2, 3)})
            assert Counter(await here.answered_by(JOIN, 9)) == {"cms1": 3, "cms2": 3, "cms3": 3}
            said = (await here.get(JOIN, "/alice/XYZ")).said
            assert (said["target"], said["headers"]["host"]) == ("/alice/XYZ", JOIN)
            assert said["headers"]["x-forwarded-for"].startswith("127.")

    asyncio.run(run())


def test_without_service_records_the_guest_uri_leads_to_them_itself_and_its_addresses_are_followed() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            here.record(JOIN, "A", await here.serve("cms", 9443, names=[JOIN]))
            here.use(MEETING + "port = 9443\n")
            await here.settles(JOIN, {JOIN: "active"})
            assert await here.answered_by(JOIN, 1) == ["cms"]
            engine, other = here.state().processes, await here.serve("moved", 9443, names=[JOIN])
            here.record(JOIN, "A", other)
            await until(lambda: here.server(JOIN, JOIN).address.startswith(other))
            await here.is_active()
            assert await here.answered_by(JOIN, 1) == ["moved"]
            assert (here.state().restarts, here.state().processes) == (0, engine)

    asyncio.run(run())


def test_service_records_that_change_are_followed() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(2)
            here.use(MEETING)
            await here.settles(JOIN, {f"cms{number}.example.com:9443": "active" for number in (1, 2)})
            here.record(f"_cms-web._tls.{JOIN}", "SRV", "0 0 9443 cms2.example.com.")
            await here.settles(JOIN, {"cms2.example.com:9443": "active"})
            assert await here.answered_by(JOIN, 2) == ["cms2", "cms2"]

    asyncio.run(run())


def test_a_web_bridge_that_has_only_an_ipv6_address_is_reached() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.serve("cms", 9446, names=["cms.example.com"], address="::1")
            here.record("cms.example.com", "AAAA", "::1")
            here.record(f"_cms-web._tls.{JOIN}", "SRV", "0 0 9446 cms.example.com.")
            here.use(MEETING)
            await here.settles(JOIN, {"cms.example.com:9446": "active"})
            assert here.server(JOIN, "cms.example.com:9446").address == "[::1]:9446"
            assert await here.answered_by(JOIN, 1) == ["cms"]

    asyncio.run(run())


def test_each_name_leads_to_its_pool_on_the_external_web_site() -> None:
    async def run() -> None:
        async with world(MEET, DISCOVER, FRONT) as here:
            director = await here.serve("director", 4443, names=["pool.inside.example.com"])
            front = await here.serve("front", 4443, names=["pool.inside.example.com"])
            here.use(rule("Director", [MEET, DISCOVER], [director], INSIDE) + rule("FE", [FRONT], [front], INSIDE))
            await here.is_active()
            for path in ("/CertProv/CertProvisioningService.svc", "/WebTicket/WebTicketService.svc/mex"):
                said = [(await here.get(name, path)).said for name in (MEET, DISCOVER)]
                assert {(one["server"], one["target"]) for one in said} == {("director", path)}
                assert [one["headers"]["host"] for one in said] == [MEET, DISCOVER]
            for path in ("/abs/handler/C-0e8e-0e97.lsabs", "/groupexpansion/service.svc/WebTicket_Bearer"):
                assert (await here.get(FRONT, path)).said["server"] == "front"

    asyncio.run(run())


def test_plain_http_leads_to_https_but_for_lyncdiscover() -> None:
    async def run() -> None:
        async with world(MEET, DISCOVER) as here:
            director = await here.serve("director", 4443, names=["pool.inside.example.com"])
            await here.serve("external site on 8080", 8080, address=director)
            here.use(rule("Director", [MEET, DISCOVER], [director], INSIDE))
            await here.is_active()
            answer = await here.plainly(MEET, "/alice/XYZ?x=1")
            assert (answer.status, answer.headers["location"]) == (301, f"https://{MEET}:8443/alice/XYZ?x=1")
            said = (await here.plainly(DISCOVER, "/?sipuri=alice@example.com")).said
            assert (said["server"], said["headers"]["host"]) == ("external site on 8080", DISCOVER)
            assert (await here.plainly("other.example.com")).status == 404

    asyncio.run(run())


def test_two_rules_may_have_an_address_each() -> None:
    async def run() -> None:
        async with world(MEET, FRONT) as here, world() as other:
            director = await here.serve("director", 4443, names=["pool.inside.example.com"])
            front = await here.serve("front", 4443, names=["pool.inside.example.com"])
            apart = rule("FE", [FRONT], [front], INSIDE, f'address = "{other.address}"')
            here.use(rule("Director", [MEET], [director], INSIDE) + apart)
            await here.is_active()
            assert await here.answered_by(MEET, 1) == ["director"]
            assert (await here.get(FRONT)).status == 404
            here.address = other.address
            assert await here.answered_by(FRONT, 1) == ["front"]
            assert (await here.get(MEET)).status == 404

    asyncio.run(run())


def test_the_front_end_stands_in_for_a_director_that_is_down() -> None:
    async def run() -> None:
        async with world(MEET, FRONT) as here:
            director = await here.serve("director", 4443, names=["pool.inside.example.com"])
            front = await here.serve("front", 4443, names=["pool.inside.example.com"])
            both = rule("Director", [MEET], [director], INSIDE, 'backup = "FE"')
            here.use(both + rule("FE", [FRONT], [front], INSIDE))
            await here.is_active()
            assert await here.answered_by(MEET, 2) == ["director", "director"]
            await here.servers["director"].stop()
            await here.settles("Director", {director: "failed", front: "active"})
            assert await here.answered_by(MEET, 2) == ["front", "front"]
            assert here.state().active
            await here.servers["director"].start()
            await here.settles("Director", {director: "active", front: "active"})
            assert await here.answered_by(MEET, 1) == ["director"]

    asyncio.run(run())


def test_a_browser_stays_with_its_web_bridge_until_that_fails() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(3)
            here.use(MEETING)
            await here.settles(JOIN, {f"cms{number}.example.com:9443": "active" for number in (1, 2, 3)})
            first = await here.get(JOIN)
            assert "HttpOnly; Secure" in first.headers["set-cookie"]
            again = [(await here.get(JOIN, Cookie=first.cookie)).said for _ in range(6)]
            assert {said["server"] for said in again} == {first.said["server"]}
            assert not any("SIPEDGE" in said["headers"].get("cookie", "") for said in again)
            await here.servers[first.said["server"]].stop()
            answers = [await here.get(JOIN, Cookie=first.cookie) for _ in range(10)]
            assert {answer.status for answer in answers} == {200}
            assert first.said["server"] not in {answer.said["server"] for answer in answers}

    asyncio.run(run())


def test_where_all_are_down_the_answer_is_503_and_they_are_back_within_seconds() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(2)
            here.use(MEETING)
            await here.is_active()
            for server in here.servers.values():
                await server.stop()
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert (await here.get(JOIN)).status == 503
            assert loop.time() - began < 6
            await until(lambda: not here.state().active)
            assert "cms1.example.com:9443: the connection fails: Connection refused" in here.state().reason
            for server in here.servers.values():
                await server.start()
            began = loop.time()
            while (await here.get(JOIN)).status != 200:
                assert loop.time() - began < 3
                await asyncio.sleep(0.1)

    asyncio.run(run())


def test_a_server_whose_pages_are_errors_has_failed() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(2)
            here.use(MEETING)
            await here.is_active()
            here.servers["cms1"].fails = True
            await here.settles(JOIN, {"cms1.example.com:9443": "failed", "cms2.example.com:9443": "active"})
            assert "status 500" in here.server(JOIN, "cms1.example.com:9443").reason
            assert set(await here.answered_by(JOIN, 4)) == {"cms2"}

    asyncio.run(run())


def test_the_service_goes_away_with_its_table() -> None:
    async def run() -> None:
        async with world(JOIN) as here:
            await here.bridges(1)
            here.use(MEETING)
            await here.is_active()
            web = here.settings.web
            assert web is not None and here.publication.costs(web) == []
            other = replace(web, log_requests=True)
            assert "another worker of HAProxy takes over" in here.publication.costs(other)[0]
            assert here.publication.costs(None) == ["web publishing: HAProxy is ended, with every connection"]
            path = here.folder / "edge.toml"
            path.write_text(path.read_text().partition("[web]")[0])
            here.follow(path)
            await until(lambda: here.publication.services() == ())
            assert here.publication.costs(web) == ["web publishing: HAProxy is started"]
            with pytest.raises(OSError):
                await here.get(JOIN)

    asyncio.run(run())
