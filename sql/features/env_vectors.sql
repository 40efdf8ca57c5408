-- The environment of each pathway: for each quantity, value and range of the rule of seeds.environment_rules that
-- matches with the lowest priority. Where no rule matches, nulls and the status 'no rule': never a default.
-- A rule on an id holds for any pathway. Rules on names, classes and overview maps hold for reference pathways alone:
-- an organism's version is what that organism has of the map, and need not live where the map's other organisms do.
with
    maps as (
        select number, coalesce(min(name) filter (pathway_id like 'map%'), min(name)) as name
        from core.pathways
        where is_reference
        group by number
    ),
    matching as (
        select p.pathway_id, r.*
        from core.pathways p
        join seeds.environment_rules r on r.match_on = 'pathway' and regexp_full_match(p.pathway_id, r.pattern)
        union all
        select p.pathway_id, r.*
        from core.pathways p
        join maps m on m.number = p.number
        join
            seeds.environment_rules r
            on regexp_matches(
                case r.match_on when 'name' then m.name when 'class' then p.class when 'subclass' then p.subclass end,
                r.pattern
            )
        where p.is_reference
        union all
        select p.pathway_id, r.*
        from core.pathways p
        join features.pathway_overviews o on o.number = p.number and o.is_member
        join seeds.environment_rules r on r.match_on = 'overview_map' and r.pattern = o.overview
        where p.is_reference
    ),
    chosen as (
        select *, row_number() over (partition by pathway_id, quantity order by priority, rule_id) as place
        from matching
    ),
    wide as (
        select
            pathway_id,
            max(value) filter (quantity = 'ph') as ph,
            max(low) filter (quantity = 'ph') as ph_low,
            max(high) filter (quantity = 'ph') as ph_high,
            max(basis) filter (quantity = 'ph') as ph_basis,
            max(rule_id) filter (quantity = 'ph') as ph_rule,
            max(value) filter (quantity = 'temperature') as temperature,
            max(low) filter (quantity = 'temperature') as temperature_low,
            max(high) filter (quantity = 'temperature') as temperature_high,
            max(basis) filter (quantity = 'temperature') as temperature_basis,
            max(rule_id) filter (quantity = 'temperature') as temperature_rule,
            max(value) filter (quantity = 'o2') as o2,
            max(low) filter (quantity = 'o2') as o2_low,
            max(high) filter (quantity = 'o2') as o2_high,
            max(basis) filter (quantity = 'o2') as o2_basis,
            max(rule_id) filter (quantity = 'o2') as o2_rule,
            max(value) filter (quantity = 'redox') as redox,
            max(low) filter (quantity = 'redox') as redox_low,
            max(high) filter (quantity = 'redox') as redox_high,
            max(basis) filter (quantity = 'redox') as redox_basis,
            max(rule_id) filter (quantity = 'redox') as redox_rule
        from chosen
        where place = 1
        group by pathway_id
    )
select
    p.pathway_id, w.* exclude (pathway_id), case when w.pathway_id is null then 'no rule' else 'by rule' end as status
from core.pathways p
left join wide w on w.pathway_id = p.pathway_id
