-- The environment of each pathway: for each quantity the value of the rule of seeds.environment_rules that matches with
-- the lowest priority. Where no rule matches, nulls and the status 'no rule': never a default.
WITH overview AS (
    SELECT DISTINCT a.pathway_id AS map, p.pathway_id
    FROM raw.kegg_map_areas a
    JOIN core.edges e ON e.reaction_id = a.id
    JOIN core.pathways p ON p.number = right(e.pathway_id, 5)
),
matching AS (
    SELECT p.pathway_id, r.*
    FROM core.pathways p
    JOIN seeds.environment_rules r
      ON (r.match_on = 'pathway' AND regexp_full_match(p.pathway_id, r.pattern))
      OR (r.match_on = 'name' AND regexp_matches(p.name, r.pattern))
      OR (r.match_on = 'class' AND regexp_matches(p.class, r.pattern))
      OR (r.match_on = 'subclass' AND regexp_matches(p.subclass, r.pattern))
    UNION ALL
    SELECT o.pathway_id, r.*
    FROM overview o JOIN seeds.environment_rules r ON r.match_on = 'overview_map' AND r.pattern = o.map
),
chosen AS (
    SELECT *, row_number() OVER (PARTITION BY pathway_id, quantity ORDER BY priority, rule_id) AS place FROM matching
),
wide AS (
    SELECT
        pathway_id,
        max(value) FILTER (quantity = 'ph') AS ph,
        max(rule_id) FILTER (quantity = 'ph') AS ph_rule,
        max(value) FILTER (quantity = 'temperature') AS temperature,
        max(rule_id) FILTER (quantity = 'temperature') AS temperature_rule,
        max(value) FILTER (quantity = 'o2') AS o2,
        max(rule_id) FILTER (quantity = 'o2') AS o2_rule,
        max(value) FILTER (quantity = 'redox') AS redox,
        max(rule_id) FILTER (quantity = 'redox') AS redox_rule
    FROM chosen WHERE place = 1
    GROUP BY pathway_id
)
SELECT p.pathway_id, w.* EXCLUDE (pathway_id), CASE WHEN w.pathway_id IS NULL THEN 'no rule' ELSE 'by rule' END AS status
FROM core.pathways p
LEFT JOIN wide w ON w.pathway_id = p.pathway_id
