-- The first half of a turn: who, which conversation (locked from here to the end of the transaction), is it new?
--
-- A function rather than one statement: under READ COMMITTED a statement sees one snapshot, so state read by the
-- statement that waits for the lock would be as old as the wait. Here each statement sees what was committed before it.
CREATE OR REPLACE FUNCTION bot.receive(
    p_channel text, p_account text, p_identity bytea, p_assurance text, p_locale text,
    p_new_contact uuid, p_new_identity uuid, p_new_key uuid, p_kek text, p_wrapped bytea, p_sealed_external_id bytea,
    p_blind bytea, p_new_conversation uuid, p_message uuid, p_received_at timestamptz,
    OUT identity_id uuid, OUT contact_id uuid, OUT key_id uuid, OUT kek text, OUT wrapped bytea,
    OUT conversation_id uuid, OUT locale text, OUT owner text,
    OUT fence integer, OUT sealed_state bytea, OUT last_seq integer, OUT crashes integer,
    OUT first_message jsonb, OUT first_answers jsonb
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    first_id uuid;
BEGIN
    SELECT i.identity_id, i.contact_id, i.key_id, i.kek, i.wrapped
      INTO receive.identity_id, receive.contact_id, receive.key_id, receive.kek, receive.wrapped
      FROM crm.identify(p_channel, p_account, p_identity, p_assurance, p_locale, p_new_contact, p_new_identity,
                        p_new_key, p_kek, p_wrapped, p_sealed_external_id) i;

    LOOP
        SELECT c.id, c.locale, c.owner, c.fence, c.sealed_state, c.last_seq
          INTO receive.conversation_id, receive.locale, receive.owner, receive.fence, receive.sealed_state,
               receive.last_seq
          FROM bot.conversations c
         WHERE c.identity_id = receive.identity_id AND c.closed_at IS NULL
           FOR UPDATE;
        EXIT WHEN FOUND;

        INSERT INTO bot.conversations (id, identity_id, channel, account, locale, first_seq, last_seq,
                                       received_seq, read_seq)
        SELECT p_new_conversation, receive.identity_id, p_channel, p_account, p_locale,
               coalesce(max(p.last_seq), 0), coalesce(max(p.last_seq), 0),
               coalesce(max(p.received_seq), 0), coalesce(max(p.read_seq), 0)
          FROM bot.conversations p WHERE p.identity_id = receive.identity_id
        ON CONFLICT (identity_id) WHERE closed_at IS NULL DO NOTHING;
    END LOOP;

    INSERT INTO bot.inbox (account, blind, conversation_id, message_id, received_at)
         VALUES (p_account, p_blind, receive.conversation_id, p_message, p_received_at)
    ON CONFLICT (blind) DO NOTHING;

    IF NOT FOUND THEN
        -- A duplicate: what was said the first time, read after the lock, so a first delivery in flight has ended.
        SELECT i.message_id, i.conversation_id INTO first_id, receive.conversation_id
          FROM bot.inbox i WHERE i.blind = p_blind;
        SELECT to_jsonb(m) INTO receive.first_message FROM bot.messages m WHERE m.id = first_id;
        SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.seq), '[]') INTO receive.first_answers
          FROM bot.messages m
         WHERE m.conversation_id = receive.conversation_id
           AND m.seq > (receive.first_message ->> 'seq')::integer
           AND m.in_reply_to = first_id;
        RETURN;
    END IF;

    -- Attempts whose database session is gone died with their process. Other deliveries that merely wait for the
    -- lock are alive and do not count.
    SELECT count(*) INTO receive.crashes
      FROM bot.attempts a
     WHERE a.blind = p_blind AND a.backend <> pg_backend_pid()
       AND NOT EXISTS (SELECT FROM pg_stat_activity s WHERE s.pid = a.backend);
END
$$;
