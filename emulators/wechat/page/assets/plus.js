/** What the plus panel offers: pictures, voices, places, links, a scan, a payment, the question whether notices may come. */

import { ask, button, h, icon } from './dom.js'
import { t } from './language.js'
import { state } from './state.js'
import { silence } from './voice.js'

const MOST_BYTES = 10 * 1024 * 1024

/** The buttons; `close` puts the panel away. */
export function plusPanel(close) {
  const offers = [['image', image], ['voice', voice], ['video', video], ['location', place], ['link', link], ['scan', scan], ['pay', pay],
    ['consent', consent]]
  return offers.map(([name, open]) =>
    h('button', { type: 'button', class: 'offer', onclick: () => { close(); open() } }, h('span', {}, icon(name)), t(`plus.${name}`)))
}

async function base64(file) {
  if (file.size > MOST_BYTES) throw new Error(t('said.too_large'))
  const bytes = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

function image() {
  ask(t('plus.image'), [{ name: 'file', label: t('choose_file'), type: 'file', accept: 'image/*' }], t('send'),
    async ({ file }) => state.act('image', file ? { data: await base64(file) } : {}), [hint(t('sample_hint'))])
}

function voice() {
  const fields = [
    { name: 'seconds', label: t('seconds'), type: 'number', value: '3', min: '1', max: '60', required: true },
    { name: 'recognition', label: t('recognition'), maxlength: '2000' },
    { name: 'file', label: t('choose_voice'), type: 'file', accept: '.amr,.mp3,audio/amr,audio/mpeg' },
  ]
  ask(t('plus.voice'), fields, t('send'), async ({ seconds, recognition, file }) => {
    const body = { data: file ? await base64(file) : silence(Number(seconds)) }
    if (recognition) body.recognition = recognition
    if (file?.name.toLowerCase().endsWith('.mp3')) body.format = 'mp3'
    await state.act('voice', body)
  })
}

function video() {
  ask(t('plus.video'), [{ name: 'file', label: t('choose_file'), type: 'file', accept: 'video/mp4' }], t('send'),
    async ({ file }) => state.act('video', file ? { data: await base64(file) } : {}), [hint(t('sample_hint'))])
}

function place() {
  const fields = [
    { name: 'label', label: t('address'), value: '广州市海珠区新港中路397号' },
    { name: 'x', label: t('latitude'), type: 'number', value: '23.0997', step: 'any', min: '-90', max: '90', required: true },
    { name: 'y', label: t('longitude'), type: 'number', value: '113.3245', step: 'any', min: '-180', max: '180', required: true },
  ]
  ask(t('plus.location'), fields, t('send'), ({ label, x, y }) => state.act('location', { label, x: Number(x), y: Number(y) }))
}

function link() {
  const fields = [
    { name: 'title', label: t('link_title'), required: true },
    { name: 'description', label: t('description') },
    { name: 'url', label: t('link_url'), type: 'url', value: 'https://example.com/', required: true },
  ]
  ask(t('plus.link'), fields, t('send'), (values) => state.act('link', values))
}

/** The account's QR codes to choose from; also for those who do not follow yet. */
export async function scan() {
  if (!(await state.try(() => state.refresh()))) return
  const live = state.settings.scenes.filter((one) => one.until === null || one.until > state.now)
  const codes = (done) => live.length
    ? h('ul', { class: 'codes' }, live.map((one) => h('li', {}, button(
        [h('img', { src: `/cgi-bin/showqrcode?ticket=${encodeURIComponent(one.ticket)}`, alt: '' }), h('span', {}, one.scene)],
        async () => { done(); await state.try(() => state.act('scan', { ticket: one.ticket })) }))))
    : hint(t('no_codes'))
  ask(t('plus.scan'), [{ name: 'ticket', label: t('ticket'), required: true }], t('plus.scan'), (values) => state.act('scan', values), [codes])
}

function pay() {
  ask(t('plus.pay'), [], t('plus.pay'), () => state.act('pay'), [hint(t('pay_hint'))])
}

/** What WeChat asks on a page of the account, or in a menu: whether each notice may be sent once more. */
function consent() {
  const notices = state.settings.settings.templates.filter((one) => one.kind === 'subscription')
  if (!notices.length) return ask(t('plus.consent'), [], null, null, [hint(t('no_notices'))])
  const answers = [['accept', t('accept')], ['reject', t('reject')]]
  ask(t('plus.consent'), notices.map((one) => ({ name: one.id, label: one.title, options: answers })), t('confirm'),
    (templates) => state.act('consent', { templates }), [hint(t('consent_hint'))])
}

const hint = (words) => h('p', { class: 'hint' }, words)
