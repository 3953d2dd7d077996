-- SRV weights (RFC 2782), which the engine takes no notice of: it sorts targets by priority. Each answer that it gets
-- has its records in their drawn order, with the place in that order as the priority.
module:set_global();

local adns = require "net.adns";
local ordered = module:require "sipedge_weights";
local random = math.random;

-- Copies: the record in an answer may be the resolver's own.
local function arranged(answer)
	local records = {};
	for index, record in ipairs(answer) do records[index] = record.srv; end
	local found = setmetatable({}, { __index = answer });
	for place, srv in ipairs(ordered(records, random)) do
		found[place] = { srv = { priority = place, weight = srv.weight, port = srv.port, target = srv.target } };
	end
	return found;
end

local resolver = adns.resolver;

function adns.resolver()
	local plain = resolver();
	local weighed = setmetatable({}, { __index = plain });
	function weighed.lookup(_, callback, name, kind, class)
		return plain:lookup(kind == "SRV" and function (answer, failure)
			callback(answer and #answer > 0 and arranged(answer) or answer, failure);
		end or callback, name, kind, class);
	end
	return weighed;
end

function module.unload()
	adns.resolver = resolver;
end
