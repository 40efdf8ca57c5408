-- The environment of each pathway: for each quantity, value and range of the rule of seeds.environment_rules that
-- matches with the lowest priority. Where no rule matches, nulls and the status 'no rule': never a default.
-- A rule on an id holds for any pathway. Rules on names, classes and overview maps hold for reference pathways alone: an
-- organism's version is what that organism has of the map, and need not live where the map's other organisms do.
WITH maps AS (
    SELECT number, coalesce(min(name) FILTER (pathway_id LIKE 'map%'), min(name)) AS name
    FROM core.pathways WHERE is_reference GROUP BY number
),
matching AS (
    SELECT p.pathway_id, r.*
    FROM core.pathways p
    JOIN seeds.environment_rules r ON r.match_on = 'pathway' AND regexp_full_match(p.pathway_id, r.pattern)
    UNION ALL
    SELECT p.pathway_id, r.*
    FROM core.pathways p
    JOIN maps m ON m.number = p.number
    JOIN seeds.environment_rules r
      ON regexp_matches(CASE r.match_on WHEN 'name' THEN m.name WHEN 'class' THEN p.class WHEN 'subclass' THEN p.subclass
                        END, r.pattern)
    WHERE p.is_reference
    UNION ALL
    SELECT p.pathway_id, r.*
    FROM core.pathways p
    JOIN features.pathway_overviews o ON o.number = p.number AND o.is_member
    JOIN seeds.environment_rules r ON r.match_on = 'overview_map' AND r.pattern = o.overview
    WHERE p.is_reference
),
chosen AS (
    SELECT *, row_number() OVER (PARTITION BY pathway_id, quantity ORDER BY priority, rule_id) AS place FROM matching
),
wide AS (
    SELECT
        pathway_id,
        max(value) FILTER (quantity = 'ph') AS ph,
        max(low) FILTER (quantity = 'ph') AS ph_low,
        max(high) FILTER (quantity = 'ph') AS ph_high,
        max(basis) FILTER (quantity = 'ph') AS ph_basis,
        max(rule_id) FILTER (quantity = 'ph') AS ph_rule,
        max(value) FILTER (quantity = 'temperature') AS temperature,
        max(low) FILTER (quantity = 'temperature') AS temperature_low,
        max(high) FILTER (quantity = 'temperature') AS temperature_high,
        max(basis) FILTER (quantity = 'temperature') AS temperature_basis,
        max(rule_id) FILTER (quantity = 'temperature') AS temperature_rule,
        max(value) FILTER (quantity = 'o2') AS o2,
        max(low) FILTER (quantity = 'o2') AS o2_low,
        max(high) FILTER (quantity = 'o2') AS o2_high,
        max(basis) FILTER (quantity = 'o2') AS o2_basis,
        max(rule_id) FILTER (quantity = 'o2') AS o2_rule,
        max(value) FILTER (quantity = 'redox') AS redox,
        max(low) FILTER (quantity = 'redox') AS redox_low,
        max(high) FILTER (quantity = 'redox') AS redox_high,
        max(basis) FILTER (quantity = 'redox') AS redox_basis,
        max(rule_id) FILTER (quantity = 'redox') AS redox_rule
    FROM chosen WHERE place = 1
    GROUP BY pathway_id
)
SELECT p.pathway_id, w.* EXCLUDE (pathway_id), CASE WHEN w.pathway_id IS NULL THEN 'no rule' ELSE 'by rule' END AS status
FROM core.pathways p
LEFT JOIN wide w ON w.pathway_id = p.pathway_id
