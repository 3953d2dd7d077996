-- Tells the edge what happens: one line of JSON for each event on standard output, and the state over loopback HTTP.
-- The token keeps a peer's words in the engine's log from passing for an event, and strangers from asking.
module:set_global();
module:depends("http");

local array = require "util.array";
local json = require "util.json";
local portmanager = require "core.portmanager";

local token = module:get_option_string("sipedge_token");
-- Read once: what the process was started with, whatever the file says by now.
local start = module:get_option_string("sipedge_start");
local streams = module:shared("/*/s2s/sessions");
local links = module:shared("/*/sipedge/links");
-- Where the other end of the link is another edge, nobody else tells its events here.
local tell_links = module:get_option_boolean("sipedge_tell_links", false);

local function tell(event)
	io.stdout:write(token, " ", json.encode(event), "\n");
	io.stdout:flush();
end

module:hook("sipedge-event", tell);

local function remote(session)
	return session.direction == "incoming" and session.from_host or session.to_host;
end

local function own(session)
	return session.direction == "incoming" and session.to_host or session.from_host;
end

local function connected(event)
	local session = event.session;
	session.sipedge_told = true;
	tell { event = "connected", domain = remote(session), own = own(session), direction = session.direction,
		address = session.ip, secure = session.secure == true };
end

local function disconnected(event)
	local session, reason = event.session, event.reason;
	if session.sipedge_refused and not session.sipedge_told then return; end
	if type(reason) == "table" then reason = reason.text or reason.condition; end
	tell { event = session.sipedge_told and "disconnected" or "failed", domain = remote(session), own = own(session),
		direction = session.direction, address = session.ip, reason = reason and tostring(reason) };
end

-- The engine says "established" again for each further domain of one stream.
local function once(event)
	if not event.session.sipedge_told then connected(event); end
end

module:hook("s2sout-established", once);
module:hook("s2sin-established", once);
module:hook("s2s-destroyed", disconnected);

-- OUTSIDE: each of our domains is a Component, and connected while the inside process has its link.
function module.add_host(module)
	local function connected_is(state, what)
		links[module.host] = state;
		if tell_links then tell { event = what, own = module.host }; end
	end

	module:hook("component-authenticated", function () connected_is(true, "link up"); end);
	module:hook("component-disconnected", function (event)
		if event.session.type == "component" then connected_is(false, "link down"); end
	end);
end

local function open_streams()
	local found = array();
	for _, session in pairs(streams) do
		if session.type == "s2sin" or session.type == "s2sout" then
			found:push({ domain = remote(session), own = own(session), direction = session.direction,
				address = session.ip, secure = session.secure == true });
		end
	end
	return found;
end

-- The engine goes on without a port that it could not open.
local function listens()
	local open = portmanager.get_active_services():get("s2s");
	return open ~= nil and next(open) ~= nil;
end

module:provides("http", {
	default_path = "/state";
	route = {
		GET = function (event)
			if event.request.headers.authorization ~= "Bearer " .. token then return 403; end
			event.response.headers.content_type = "application/json";
			return json.encode { version = prosody.version, streams = open_streams(), links = links, listens = listens(),
				start = start, revision = module:get_option_string("sipedge_revision") };
		end;
	};
});
