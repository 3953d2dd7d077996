-- What a peer can make the engine hold: streams that prove nothing, and stanzas that wait for a peer that does not read.
-- Global, and listed in every Component.
module:set_global();

local add_filter = require "util.filters".add_filter;
local st = require "util.stanza";
local too_much = module:require "sipedge_waiting";

local streams = module:shared("/*/s2s/sessions");
local most_unproved = module:get_option_number("sipedge_unproved_limit", 1000);
local most_of_address = module:get_option_number("sipedge_unproved_limit_of_address", 100);
local QUEUE = 8 * 1024 * 1024;

local function drop(conn, reason)
	module:add_timer(0, function ()
		conn:on("disconnect", reason);
		conn:destroy();
	end);
end

-- A stream that proves nothing lasts for s2s_timeout.
module:hook("s2sin-connected", function (event)
	local own, all, address = event.session.conn, 0, 0;
	for conn, session in pairs(streams) do
		if session.type == "s2sin_unauthed" then
			all = all + 1;
			if conn:ip() == own:ip() then address = address + 1; end
		end
	end
	if all > most_unproved or address > most_of_address then drop(own, "too many streams prove nothing"); end
end);

module:hook("s2s-created", function (event)
	local session, conn, full = event.session, event.session.conn, false;
	add_filter(session, "bytes/out", function (bytes)
		if full then return nil; end
		full = too_much(conn, #bytes);
		if not full then return bytes; end
		drop(conn, "it does not read what is sent");
	end, -1000);
end);

local function bounce(stanza, host, text)
	if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		local reply = st.error_reply(stanza, "wait", "resource-constraint", text);
		prosody.core_route_stanza(prosody.hosts[host], reply);
	end
	return true;
end

function module.add_host(module)
	local link;

	-- Behind the policy's hook, and before the engine's that puts it into the queue of a stream that is not up yet.
	module:hook("route/remote", function (event)
		local session = prosody.hosts[event.from_host].s2sout[event.to_host];
		if not session or not session.sendq or session.type ~= "s2sout_unauthed" then return; end
		session.sipedge_queue = (session.sipedge_queue or 0) + #tostring(event.stanza);
		if session.sipedge_queue <= QUEUE then return; end
		if event.stanza.name:find(":", 1, true) then return true; end
		return bounce(event.stanza, module.host, "Too much waits for the other server");
	end, 0);

	-- OUTSIDE: the link to the inside process.
	module:hook("component-authenticated", function (event) link = event.session.conn; end);

	local function over_the_link(event)
		if not link or not too_much(link, #tostring(event.stanza)) then return; end
		return bounce(event.stanza, module.host, "Too much waits for the link to the inside edge");
	end

	for _, kind in ipairs { "message", "presence", "iq" } do
		for _, form in ipairs { "bare", "full", "host" } do
			module:hook(kind .. "/" .. form, over_the_link, 1);
		end
	end
end
