-- Whether we send to a channel; the others' customers fetch what is there (web, terminal).
CREATE OR REPLACE FUNCTION bot.pushes(p_channel text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_channel IN ('wechat')
$$;
