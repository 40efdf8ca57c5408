-- What each metabolic model is meant to make the most (or the least) of: fluxes, and how much each counts.
select m.model, o.objective, o.reaction, o.active, o.direction, sum(o.coefficient order by o.coefficient) as coefficient
from raw.agora_objectives o
join core.reconstructions m on m.resource = o._resource
group by all
