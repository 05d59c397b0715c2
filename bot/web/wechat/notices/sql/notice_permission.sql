-- The permission by which a notice of this template may be sent to this identity now; NULL: there is none.
--
-- A no takes back every yes before it, one of the same second too. A yes to WeChat's question is good for one notice, of
-- a long-term template for any number; there a yes in the account's settings counts as well.
CREATE OR REPLACE FUNCTION bot.notice_permission(p_identity uuid, p_template text, p_long_term boolean) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT p.id
      FROM bot.wechat_permissions p
     WHERE p.identity_id = p_identity AND p.template_id = p_template AND p.accepted
       AND NOT EXISTS (SELECT FROM bot.wechat_permissions n
                        WHERE n.identity_id = p_identity AND n.template_id = p_template
                          AND NOT n.accepted AND n.at >= p.at)
       AND (p_long_term
            OR (p.source = 'asked'
                AND NOT EXISTS (SELECT FROM bot.wechat_notices u WHERE u.permission_id = p.id)))
     ORDER BY p.at, p.id
     LIMIT 1
$$;
