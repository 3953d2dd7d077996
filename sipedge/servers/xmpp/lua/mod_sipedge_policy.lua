-- Who may federate, and what a certificate must show. Global, and listed in every Component: a Component inherits no guard.
-- All options are read again after "config-reloaded", when streams of domains that are no longer allowed are closed.
module:set_global();

local is_stanza = require "util.stanza".is_stanza;
local nameprep = require "util.encodings".stringprep.nameprep;
local service = require "net.resolvers.service";
local basic = require "net.resolvers.basic";
local chain = require "net.resolvers.chain";

local DNS_NAME, XMPP_ADDR, SRV_NAME = "dNSName", "1.3.6.1.5.5.7.8.5", "1.3.6.1.5.5.7.8.7";
local ALTERNATIVE_NAMES = "2.5.29.17";

local streams = module:shared("/*/s2s/sessions");
local tls_required = module:get_option_boolean("s2s_require_encryption", true);
local tls_allowed = module:get_option_boolean("s2s_allow_encryption", true);
local names, routes, mode, chains, names_count;

local function read_options()
	mode = module:get_option_string("sipedge_privacy_mode", "allow list");
	names = module:get_option_set("sipedge_names", {});
	routes = module:get_option("sipedge_routes", {});
	chains = module:get_option_boolean("sipedge_require_chain", true);
	names_count = module:get_option_boolean("sipedge_require_name", true);
end

local function allowed(domain)
	if mode == "off" then return true; end
	if mode == "deny list" then return not names:contains(domain); end
	return names:contains(domain) or routes[domain] ~= nil;
end

local function tell(what, domain, session, reason)
	prosody.events.fire_event("sipedge-event", {
		event = what, domain = domain, direction = session.direction, address = session.ip, reason = reason;
	});
end

-- A wildcard stands for one whole label, the first (RFC 6125 6.4.3).
local function named(list, domain, prefix)
	for _, name in pairs(list or {}) do
		name = name:lower();
		if name == prefix .. domain then return true; end
		if prefix == "" and name:sub(1, 2) == "*." and name:sub(2) == domain:match("%..*$") then return true; end
	end
	return false;
end

-- The common name never counts.
local function names_domain(certificate, domain)
	local found = certificate:extensions()[ALTERNATIVE_NAMES] or {};
	return named(found[DNS_NAME], domain, "") or named(found[XMPP_ADDR], domain, "")
		or named(found[SRV_NAME], domain, "_xmpp-server.");
end

local function chain_fault(session)
	for _, faults in pairs(session.cert_chain_errors or {}) do
		if type(faults) == "table" and faults[1] then return faults[1]; end
	end
	return "not trusted";
end

-- Why this peer may not speak for the domain; nil when it may.
local function objection(session, domain)
	if not allowed(domain) then return "the privacy settings do not allow it"; end
	if not session.secure then return tls_required and "TLS is required and not used" or nil; end
	local socket = session.conn:socket();
	local certificate = socket.getpeercertificate and socket:getpeercertificate();
	if chains and session.cert_chain_status ~= "valid" then
		return certificate and "its certificate is refused: " .. chain_fault(session) or "it shows no certificate";
	end
	if not names_count then return nil; end
	if not certificate then return "it shows no certificate"; end
	if not names_domain(certificate, domain) then return "its certificate does not name the domain"; end
end

local function refuse(session, domain, reason, condition)
	tell("refused", domain, session, reason);
	session.sipedge_refused = true;
	session:close({ condition = condition or "policy-violation", text = "Refused for " .. domain .. ": " .. reason }, nil,
		"refused, because " .. reason);
end

-- After the engine's own look at the chain (509). A stream without "from" is judged at its db:result.
module:hook("s2s-check-certificate", function (event)
	local reason = event.host and objection(event.session, event.host);
	if reason then
		refuse(event.session, event.host, reason);
		return false;
	end
end, 1);

function module.add_host(module)
	-- false sends not-allowed back to the sender.
	module:hook("route/remote", function (event)
		if not allowed(event.to_host) then
			tell("refused", event.to_host, { direction = "outgoing" }, "the privacy settings do not allow it");
			return false;
		end
	end, 10);
	-- Each domain of a stream is judged: several may come on one.
	module:hook("stanza/jabber:server:dialback:result", function (event)
		local session, domain = event.origin, nameprep(event.stanza.attr.from or "");
		local reason = session.direction == "incoming" and domain and objection(session, domain);
		if reason then
			refuse(session, domain, reason);
			return true;
		end
	end, 10);
	-- A server that requires TLS says nothing to a dialback without it: give up before it has to be waited for.
	module:hook_tag("http://etherx.jabber.org/streams", "features", function (session, features)
		local starttls = features:get_child("starttls", "urn:ietf:params:xml:ns:xmpp-tls");
		if starttls and starttls:get_child("required") and not tls_allowed then
			refuse(session, session.to_host, "its server requires TLS, which is switched off here");
			return true;
		end
	end, 500);
end

-- A stanza before dialback ends the stream (RFC 6120 4.9.3.12): the engine would drop it without a word.
module:hook("s2s-created", function (event)
	local session = event.session;
	if session.direction ~= "incoming" then return; end
	local run = session.thread.run;
	function session.thread.run(thread, item)
		if session.type ~= "s2sin_unauthed" or not is_stanza(item) or item.attr.xmlns then return run(thread, item); end
		refuse(session, session.from_host or "", "it sends a stanza before dialback", "not-authorized");
	end
end);

-- Whoever waits for a key that cannot be verified is told so (XEP-0220 2.4): the engine would let it wait.
module:hook("s2s-destroyed", function (event)
	local lost = event.session;
	if lost.direction ~= "outgoing" or lost.type == "s2sout" then return; end
	local waiting = {};
	for _, session in pairs(streams) do
		local asked = session.direction == "incoming" and session.hosts[lost.to_host];
		if asked and not asked.authed and session.to_host == lost.from_host then waiting[session] = true; end
	end
	for session in pairs(waiting) do
		session:close({ condition = "remote-connection-failed", text = "Dialback to " .. lost.to_host .. " failed" });
	end
end);

local function is_forbidden(session)
	if session.direction == "outgoing" then return not allowed(session.to_host) and session.to_host; end
	for domain in pairs(session.hosts or {}) do
		if not allowed(domain) then return domain; end
	end
	return session.from_host and not allowed(session.from_host) and session.from_host;
end

module:hook("config-reloaded", function ()
	read_options();
	local forbidden = {};
	for _, session in pairs(streams) do
		local domain = is_forbidden(session);
		if domain then forbidden[session] = domain; end
	end
	for session, domain in pairs(forbidden) do
		refuse(session, domain, "the privacy settings no longer allow it");
	end
end);

-- Static routes: every stream to such a domain asks for its resolver here, and no query reaches the DNS.
local look_up = service.new;

local function shuffled(addresses)
	local mixed = {};
	for index, address in ipairs(addresses) do
		table.insert(mixed, math.random(index), address);
	end
	return mixed;
end

function service.new(domain, name, transport, extra)
	local addresses = routes[domain];
	if not addresses then return look_up(domain, name, transport, extra); end
	local targets = {};
	if name == "xmpp-server" then
		for _, address in ipairs(shuffled(addresses)) do
			table.insert(targets, basic.new(address.host, address.port, "tcp", extra));
		end
	end
	return chain.new(targets);
end

function module.unload()
	service.new = look_up;
end

read_options();
