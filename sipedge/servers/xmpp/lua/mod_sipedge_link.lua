-- INSIDE: opens the link, one component connection (XEP-0114) for each of our domains, and stands for every partner
-- domain towards the servers behind. A partner's domain becomes a Component when it is first named by either side.
module:set_global();

local connect = require "net.connect".connect;
local basic = require "net.resolvers.basic";
local new_stream = require "util.xmppstream".new;
local sha1 = require "util.hashes".sha1;
local nameprep = require "util.encodings".stringprep.nameprep;
local jid = require "util.jid";
local st = require "util.stanza";
local config = require "core.configmanager";
local hostmanager = require "core.hostmanager";

local NAMESPACE = "jabber:component:accept";
local FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8;
-- Seconds after which something is said on the link, so that a dead one is known (XEP-0114 takes white space).
local PING = 20;

local address = module:get_option_string("sipedge_link_address", "127.0.0.1");
local port = module:get_option_number("sipedge_link_port", 5347);
local secret = module:get_option_string("sipedge_link_secret");
local size_limit = module:get_option_number("sipedge_link_stanza_limit", 2 * 1024 * 1024);
-- A stanza grows when it is written again; what a server would end its stream for goes back instead.
local stanza_limit = module:get_option_number("s2s_stanza_size_limit", 256 * 1024);
local most_partners = module:get_option_number("sipedge_partner_limit", 1000);
local ours = module:get_option_set("sipedge_domains", {});

local open = module:shared("open");
local states = module:shared("/*/sipedge/links");
local used, count = {}, 0;

-- The domain that was used least recently and has no stream of its own makes room.
local function make_room()
	local oldest;
	for domain, time in pairs(used) do
		if next(prosody.hosts[domain].s2sout) == nil and (not oldest or time < used[oldest]) then oldest = domain; end
	end
	if not oldest then return false; end
	hostmanager.deactivate(oldest);
	used[oldest] = nil;
	count = count - 1;
	return true;
end

-- Whether the domain is a partner's, made one now if need be.
local function partner(domain)
	if not domain or domain == "" or #domain > 255 or ours:contains(domain) then return false; end
	if not used[domain] then
		if prosody.hosts[domain] or (count >= most_partners and not make_room()) then return false; end
		config.set(domain, "component_module", "sipedge_partner");
		config.set(domain, "modules_enabled", { "sipedge_policy", "sipedge_bounds", "s2s_idle_timeout" });
		if not hostmanager.activate(domain) then return false; end
		count = count + 1;
	end
	used[domain] = os.time();
	return true;
end

local function bounce(session, stanza, kind, condition, text)
	if stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		session.send(st.error_reply(stanza, kind, condition, text));
	end
end

local callbacks = { default_ns = NAMESPACE };

function callbacks.streamopened(session, attributes)
	session.notopen = nil;
	session.send(st.stanza("handshake"):text(sha1((attributes.id or "") .. secret, true)));
end

function callbacks.streamclosed(session)
	session.conn:close();
end

function callbacks.error(session)
	session.conn:close();
end

function callbacks.handlestanza(session, stanza)
	if stanza.name == "handshake" then
		session.pause = FIRST_PAUSE;
		open[session.host], states[session.host] = session, true;
		prosody.events.fire_event("sipedge-event", { event = "link up", own = session.host });
		return;
	end
	local _, from = jid.split(stanza.attr.from);
	if #tostring(stanza) > stanza_limit then
		bounce(session, stanza, "modify", "policy-violation", "The stanza is too large");
	elseif partner(from) then
		prosody.core_route_stanza(prosody.hosts[from], stanza);
	else
		bounce(session, stanza, "wait", "resource-constraint", "Too many partner domains");
	end
end

local listener, sessions = {}, {};
local dial;

function listener.onattach(conn, data)
	local session = data.session;
	sessions[conn] = session;
	session.conn, session.notopen = conn, true;
	session.stream = new_stream(session, callbacks, size_limit);
	function session.send(what) return conn:write(tostring(what)); end
end

function listener.onconnect(conn)
	conn:setoption("keepalive", true);
	local session = sessions[conn];
	session.send("<?xml version='1.0'?>");
	session.send(st.stanza("stream:stream", { xmlns = NAMESPACE, to = session.host,
		["xmlns:stream"] = "http://etherx.jabber.org/streams" }):top_tag());
end

function listener.onincoming(conn, data)
	local session = sessions[conn];
	if session and not session.stream:feed(data) then conn:close(); end
end

local function again(session)
	if open[session.host] == session then
		open[session.host], states[session.host] = nil, false;
		prosody.events.fire_event("sipedge-event", { event = "link down", own = session.host });
	end
	module:add_timer(session.pause, function () dial(session.host, math.min(session.pause * 2, LONGEST_PAUSE)); end);
end

function listener.ondisconnect(conn)
	local session = sessions[conn];
	sessions[conn] = nil;
	if session then again(session); end
end

function listener.onfail(data)
	again(data.session);
end

function dial(domain, pause)
	local session = { host = domain, pause = pause };
	connect(basic.new(address, port, "tcp"), listener, nil, { session = session });
end

-- A stream from behind names the partner in its header: the Component must be there before the engine looks for it.
module:hook("s2s-created", function (event)
	local session = event.session;
	if session.direction ~= "incoming" then return; end
	local run = session.thread.run;
	function session.thread.run(thread, item)
		local from = type(item) == "table" and item.stream == "opened" and nameprep(item.attr.from or "");
		if from and ours:contains(from) then partner(nameprep(item.attr.to or "")); end
		return run(thread, item);
	end
end);

module:add_timer(PING, function ()
	for _, session in pairs(open) do session.send(" "); end
	return PING;
end);

module:hook("server-started", function ()
	for domain in ours:items() do dial(domain, FIRST_PAUSE); end
end);
