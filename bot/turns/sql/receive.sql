-- The first half of a turn: who, which conversation (locked from here to the end of the transaction), is it new?
--
-- A function rather than one statement: under READ COMMITTED a statement sees one snapshot, so state read by the
-- statement that waits for the lock would be as old as the wait. Here each statement sees what was committed before it.
CREATE OR REPLACE FUNCTION bot.begin_turn(
    p_channel text, p_account text, p_identity bytea, p_assurance text, p_locale text,
    p_new_contact uuid, p_new_identity uuid, p_new_key uuid, p_kek text, p_wrapped bytea, p_sealed_external_id bytea,
    p_blind bytea, p_new_conversation uuid, p_message uuid, p_received_at timestamptz,
    OUT identity_id uuid, OUT contact_id uuid, OUT key_id uuid, OUT kek text, OUT wrapped bytea,
    OUT conversation_id uuid, OUT locale text, OUT owner text,
    OUT fence integer, OUT sealed_state bytea, OUT last_seq integer, OUT crashes integer,
    OUT wake_at timestamptz, OUT previous uuid, OUT parked boolean, OUT first_id uuid, OUT first_message jsonb, OUT first_answers jsonb
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    SELECT i.identity_id, i.contact_id, i.key_id, i.kek, i.wrapped
      INTO begin_turn.identity_id, begin_turn.contact_id, begin_turn.key_id, begin_turn.kek, begin_turn.wrapped
      FROM crm.identify(p_channel, p_account, p_identity, p_assurance, p_locale, p_new_contact, p_new_identity,
                        p_new_key, p_kek, p_wrapped, p_sealed_external_id) i;

    LOOP
        SELECT c.id, c.locale, c.owner, c.fence, c.sealed_state, c.last_seq, c.wake_at
          INTO begin_turn.conversation_id, begin_turn.locale, begin_turn.owner, begin_turn.fence,
               begin_turn.sealed_state, begin_turn.last_seq, begin_turn.wake_at
          FROM bot.conversations c
         WHERE c.identity_id = begin_turn.identity_id AND c.closed_at IS NULL
           FOR UPDATE;
        EXIT WHEN FOUND;

        INSERT INTO bot.conversations (id, identity_id, channel, account, locale, first_seq, last_seq,
                                       received_seq, read_seq)
        SELECT p_new_conversation, begin_turn.identity_id, p_channel, p_account,
               coalesce((SELECT l.locale FROM bot.conversations l WHERE l.identity_id = begin_turn.identity_id
                          ORDER BY l.last_seq DESC, l.id DESC LIMIT 1), p_locale),
               coalesce(max(p.last_seq), 0), coalesce(max(p.last_seq), 0),
               coalesce(max(p.received_seq), 0), coalesce(max(p.read_seq), 0)
          FROM bot.conversations p WHERE p.identity_id = begin_turn.identity_id
        ON CONFLICT (identity_id) WHERE closed_at IS NULL DO NOTHING;
    END LOOP;

    -- One that has only just begun remembers what the last one knew, and is offered what was put aside.
    IF begin_turn.conversation_id = p_new_conversation THEN
        begin_turn.parked := EXISTS (
            SELECT FROM bot.parked_flows f WHERE f.contact_id = ANY(crm.family(begin_turn.contact_id)));
        SELECT p.id, p.sealed_state INTO begin_turn.previous, begin_turn.sealed_state
          FROM bot.conversations p
         WHERE p.identity_id = begin_turn.identity_id AND p.id <> p_new_conversation
         ORDER BY p.last_seq DESC, p.id DESC LIMIT 1;
    END IF;

    INSERT INTO bot.inbox (account, blind, conversation_id, message_id, received_at)
         VALUES (p_account, p_blind, begin_turn.conversation_id, p_message, p_received_at)
    ON CONFLICT (blind) DO NOTHING;

    IF NOT FOUND THEN
        -- A duplicate: what was said the first time, read after the lock, so a first delivery in flight has ended.
        -- An event stands in no line, so it has answers at most.
        SELECT i.message_id, i.conversation_id INTO begin_turn.first_id, begin_turn.conversation_id
          FROM bot.inbox i WHERE i.blind = p_blind;
        SELECT to_jsonb(m) INTO begin_turn.first_message FROM bot.messages m WHERE m.id = begin_turn.first_id;
        SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.seq), '[]') INTO begin_turn.first_answers
          FROM bot.messages m
         WHERE m.conversation_id = begin_turn.conversation_id
           AND m.seq > coalesce((begin_turn.first_message ->> 'seq')::integer, 0)
           AND m.in_reply_to = begin_turn.first_id;
        RETURN;
    END IF;

    -- Attempts whose database session is gone died with their process. Other deliveries that merely wait for the
    -- lock are alive and do not count.
    SELECT count(*) INTO begin_turn.crashes
      FROM bot.attempts a
     WHERE a.blind = p_blind AND a.backend <> pg_backend_pid()
       AND NOT EXISTS (SELECT FROM pg_stat_get_activity(a.backend));
END
$$;
