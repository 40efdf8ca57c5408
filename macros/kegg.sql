-- KEGG's identifiers. NULL in, NULL out.

-- map_number(pathway_id): the map's five digits, the same for all versions of a pathway: 00010 of map00010 and hsa00010.
CREATE MACRO map_number(pathway_id) AS right(pathway_id, 5);

-- is_reaction(id), is_compound(id): whether it is an id of a reaction (R00705), or of something that takes part in one:
-- a compound, glycan or drug (C00022, G00001, D00001). The contracts of the staging and core layers ask the same.
CREATE MACRO is_reaction(id) AS regexp_full_match(id, 'R[0-9]{5}');
CREATE MACRO is_compound(id) AS regexp_full_match(id, '[CGD][0-9]{5}');
