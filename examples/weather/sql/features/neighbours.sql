select
    d.station_day_key,
    n.neighbour as source,
    n.station as target,
    n.distance,
    there.temperature - here.temperature as warmer
from core.station_days d
join core.neighbours n using (station)
join core.weather here using (station_day_key)
join core.weather there on there.station_day_key = station_day_key(n.neighbour, d.day)
