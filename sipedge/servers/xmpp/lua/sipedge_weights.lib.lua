-- The order of RFC 2782: priorities upwards, and among equal ones each is drawn by its weight.

-- One of the records, drawn by weight and taken out of them; those of weight 0 stand in front, for a small chance.
local function draw(records, random)
	local total = 0;
	for _, record in ipairs(records) do total = total + record.weight; end
	local drawn, sum = random(0, total), 0;
	for index, record in ipairs(records) do
		sum = sum + record.weight;
		if sum >= drawn then return table.remove(records, index); end
	end
end

-- records: tables with "priority" and "weight"; random(0, n): a whole number from 0 to n. Gives a new list.
return function (records, random)
	local by_priority, priorities = {}, {};
	for _, record in ipairs(records) do
		local equal = by_priority[record.priority];
		if not equal then
			equal = {};
			by_priority[record.priority] = equal;
			table.insert(priorities, record.priority);
		end
		table.insert(equal, record.weight == 0 and 1 or #equal + 1, record);
	end
	table.sort(priorities);
	local ordered = {};
	for _, priority in ipairs(priorities) do
		local equal = by_priority[priority];
		while #equal > 0 do table.insert(ordered, draw(equal, random)); end
	end
	return ordered;
end
