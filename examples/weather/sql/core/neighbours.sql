select a.station, b.station as neighbour, distance_km(a.latitude, a.longitude, b.latitude, b.longitude) as distance
from seeds.stations a
join seeds.stations b on a.station <> b.station
where distance_km(a.latitude, a.longitude, b.latitude, b.longitude) <= 500
