-- How many notes on how data was made there are of each kind, against how many there should be.
select
    t.kind,
    t.target,
    count(n.note) as notes,
    count(n.note) filter (where n.doi is not null or n.url is not null) as with_source,
    count(distinct n.about) as subjects,
    least(count(n.note) / t.target, 1) as coverage
from seeds.note_targets t
left join seeds.process_notes n on n.kind = t.kind
group by t.kind, t.target
