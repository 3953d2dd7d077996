-- INSIDE: one partner's domain. What the servers behind send to it goes over the link of the domain that sent it.
local jid = require "util.jid";
local st = require "util.stanza";
local too_much = module:require "sipedge_waiting";

local open = module:shared("/*/sipedge_link/open");

module:depends("s2s");

local stanza_limit = module:get_option_number("s2s_stanza_size_limit", 256 * 1024);

local function over_the_link(event)
	local origin, stanza = event.origin, event.stanza;
	local _, from = jid.split(stanza.attr.from);
	local link = open[from];
	local copy = st.clone(stanza);
	copy.attr.xmlns = nil;
	local text = tostring(copy);
	if link and too_much(link.conn, #text) then
		if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
			origin.send(st.error_reply(stanza, "wait", "resource-constraint", "Too much waits for the link"));
		end
	elseif link and #text <= stanza_limit then
		link.send(text);
	elseif stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		origin.send(link and st.error_reply(stanza, "modify", "policy-violation", "The stanza is too large")
			or st.error_reply(stanza, "wait", "remote-server-timeout", "The link to the outside edge is down"));
	end
	return true;
end

for _, kind in ipairs { "message", "presence", "iq" } do
	for _, form in ipairs { "bare", "full", "host" } do
		module:hook(kind .. "/" .. form, over_the_link, 1000);
	end
end
