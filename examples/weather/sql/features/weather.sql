select station_day_key, temperature, swing, rain, wind from core.weather
