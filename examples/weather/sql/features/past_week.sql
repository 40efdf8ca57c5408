select today.station_day_key, list(w.temperature order by before.day desc) as temperatures
from core.station_days today
join
    core.station_days before
    on before.station = today.station
    and before.day < today.day
    and before.day >= today.day - 7
join core.weather w on w.station_day_key = before.station_day_key
group by today.station_day_key
