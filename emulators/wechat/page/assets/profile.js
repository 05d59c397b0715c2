/** What stands behind the three dots: the account, following it and leaving it, consents, a session's end. */

import { ask, button, h } from './dom.js'
import { t } from './language.js'
import { state } from './state.js'

export async function openProfile() {
  if (!(await state.try(() => Promise.all([state.refresh(), state.refreshPerson()])))) return
  const { settings, followers, rights } = state.settings
  const chat = state.chat
  const facts = [
    [t('fact.kind'), `${t(`kind.${settings.kind}`)} · ${t(settings.verified ? 'verified' : 'unverified')}`],
    [t('fact.followers'), followers],
    [t('fact.appid'), settings.appid],
    [t('fact.openid'), chat?.openid],
    [t('fact.mode'), `${settings.mode} · ${settings.format}`],
    [t('fact.push_url'), settings.push_url ?? t('no_push_url')],
    [t('fact.rights'), rights.join(', ') || '–'],
  ]
  const list = h('dl', {}, facts.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))
  ask(settings.title || settings.name, [], null, null, [list, (done) => h('div', { class: 'stack' }, buttons(chat, settings, done))])
}

function buttons(chat, settings, done) {
  const act = (what, body) => async () => {
    done()
    await state.try(() => state.act(what, body))
  }
  if (!chat?.following) return [button(t('follow'), act('follow'), { class: 'primary' })]
  const notices = settings.templates.filter((one) => one.kind === 'subscription')
  return [
    ...notices.map((one) => button(t('consent', { title: one.title, n: chat.consents[one.id] ?? 0 }),
      act('consent', { templates: { [one.id]: 'accept' } }))),
    chat.session && button(t('end_session', { kf_account: chat.session }), act('end-session')),
    button(t(chat.refuses_messages ? 'take_messages' : 'refuse_messages'), act('refuse-messages', { refuses: !chat.refuses_messages })),
    button(t('unfollow'), act('unfollow'), { class: 'danger' }),
  ].filter(Boolean)
}
