select d.station_day_key, s.latitude, s.elevation from core.station_days d join seeds.stations s using (station)
