-- How much the engine holds for a peer that does not read: it sets no bound itself, and gives up after three minutes
-- without a single byte only.
local limit = module:get_option_number("sipedge_waiting_limit", 8 * 1024 * 1024);

local function size(buffer)
	if type(buffer) == "string" then return #buffer; end
	local sum = 0;
	for _, part in ipairs(buffer or {}) do sum = sum + #part; end
	return sum;
end

-- Whether a connection has too much to send with so many bytes more. What waits is only counted anew when the sum of all
-- that was written since the last count is over the limit.
return function (conn, more)
	local sum = (conn.sipedge_waiting or 0) + more;
	if sum > limit then sum = size(conn.writebuffer) + more; end
	conn.sipedge_waiting = sum;
	return sum > limit;
end
