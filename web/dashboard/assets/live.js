// What the page hears from the proxy, and whether it hears anything: where there is a stream, the parts that
// changed, without losing the focus or what somebody types; on all pages that the proxy is there.
'use strict'
{
// Whoever edits a form keeps it: a guarded part is left alone while it is edited, has the focus,
// or says what became of a change.
function guarded(part) {
  return part.matches('[data-guard]') &&
    (part.querySelector('form[data-edited], .notice') || part.contains(document.activeElement))
}

// graft makes have look like want, changing only what differs: nodes that stay keep focus,
// selection and scroll position. Children with an id are matched by it.
function graft(have, want) {
  if (have.isEqualNode(want)) return
  if (have.nodeType !== Node.ELEMENT_NODE || have.nodeName !== want.nodeName) {
    if (have.nodeType === want.nodeType && have.nodeType === Node.TEXT_NODE) have.data = want.data
    else have.replaceWith(want)
    return
  }
  if (guarded(have)) return
  for (const a of [...have.attributes]) {
    if (!want.hasAttribute(a.name) && a.name !== 'open' && a.name !== 'hidden') have.removeAttribute(a.name)
  }
  for (const a of want.attributes) {
    if (have.getAttribute(a.name) !== a.value) have.setAttribute(a.name, a.value)
  }
  let at = have.firstChild
  for (const child of [...want.childNodes]) {
    if (child.id) {
      const same = [...have.children].find(c => c.id === child.id)
      if (!same || !(at && (at === same || at.compareDocumentPosition(same) & Node.DOCUMENT_POSITION_FOLLOWING))) {
        if (same) same.remove()
        have.insertBefore(child, at)
        continue
      }
      while (at !== same) { const next = at.nextSibling; at.remove(); at = next }
    } else if (!at || at.id) {
      have.insertBefore(child, at)
      continue
    }
    const next = at.nextSibling
    graft(at, child)
    at = next
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next }
}

// A message has parts of this page, each with an id.
function patch(text) {
  const box = document.createElement('template')
  box.innerHTML = text
  localise(box.content)
  // Rows come in a table of their own, since HTML has none outside of one.
  const parts = [...box.content.children].flatMap(p => p.id ? [p] : p.tBodies[0].id ? [p.tBodies[0]] : [...p.rows])
  for (const part of parts) {
    const have = document.getElementById(part.id)
    if (!have) continue
    graft(have, part)
    htmx.process(document.getElementById(part.id))
  }
}

// What a page may be, what it says of that, and after how many seconds it asks again whether that still holds.
const states = {
  live: { word: 'live', again: 15 },
  there: { word: 'connected', again: 5 }, // it has no stream
  full: { word: 'not live', again: 10, told: 'Live updates are off: too many dashboards are open. They come back by themselves once there is room; until then this is as of when the page was loaded.' },
  lost: { word: 'reconnecting…', again: 1, told: 'Not connected: what you see is from before, and nothing can be changed until the connection is back.' },
  out: { word: 'logged out', again: 10, told: 'You are logged out: what you see is from before, and nothing can be changed.' },
}
let state = '', stream = null, address = '', timer = 0, asking = null, away = 0
const fields = 'form[method=post] :is(input:not([type=hidden]), select, textarea)'
const controls = 'main button, a[data-dialog], dialog button, #replay-link, ' + fields
const typed = 'textarea, input:not([type=radio], [type=checkbox], [type=range], [type=file])'

// still takes a field out of use, or gives it back. What is typed into keeps the focus and its text; what has
// been out of use for another reason stays so.
function still(field, dead) {
  const how = field.matches(typed) ? 'readOnly' : 'disabled'
  if (dead && !field[how]) field[how] = field.dataset.still = true
  else if (!dead && field.dataset.still) {
    field[how] = false
    delete field.dataset.still
  }
}

// become says what the page is. One that doesn't know what is has no controls.
function become(next) {
  clearTimeout(timer)
  timer = setTimeout(look, 1000 * states[next].again)
  const dead = next === 'lost' || next === 'out'
  for (const control of document.querySelectorAll(controls)) {
    if (dead) control.setAttribute('aria-disabled', 'true')
    else control.removeAttribute('aria-disabled')
    if (control.matches(fields)) still(control, dead)
  }
  if (next === state) return
  document.body.classList.remove(state || 'none')
  document.body.classList.add(state = next)
  document.querySelector('#connection .text').textContent = states[next].word
  const box = document.getElementById('offline')
  box.textContent = states[next].told || ''
  if (next !== 'full' && next !== 'out') return
  const link = document.createElement('a')
  link.href = ''
  link.textContent = next === 'out' ? 'Log in again' : 'Reload'
  box.append(' ', link)
}

// ask finds out whether the proxy answers: there, lost, or out for somebody whom it doesn't know any more.
async function ask() {
  try {
    const answer = await fetch('/live', { cache: 'no-store', redirect: 'manual', signal: AbortSignal.timeout(5000) })
    if (answer.status === 204) return 'there'
    return answer.status === 401 || answer.status === 403 || answer.type === 'opaqueredirect' ? 'out' : 'lost'
  } catch {
    return 'lost'
  }
}

// look asks, and has the page be what it found out. Those who ask meanwhile get the same answer.
function look() {
  return asking ||= ask().then(found => {
    asking = null
    if (found !== 'there') {
      hush()
      become(found)
    } else if (stream && stream.readyState === EventSource.OPEN) become('live')
    else listen()
  })
}

const wanted = () => document.querySelector('[data-stream]')?.dataset.stream || ''

function hush() {
  if (stream) stream.close()
  stream = null
}

// listen opens the stream of what is shown. One that ends is opened again after a look whether the proxy is
// there; one that isn't let in although the proxy is there has found all seats taken.
function listen() {
  hush()
  address = wanted()
  if (!address) return become('there')
  if (document.hidden) return
  const mine = stream = new EventSource(address)
  let open = false
  mine.onopen = () => { open = true; become('live') }
  mine.addEventListener('live', event => patch(event.data))
  mine.onerror = async () => {
    if (mine !== stream) return
    hush()
    if (open) {
      become('lost')
      return look()
    }
    const found = await ask()
    if (!stream) become(found === 'there' ? 'full' : found)
  }
}

// A page that nobody sees gives its seat back, and its connection: browsers have six to one host.
document.addEventListener('visibilitychange', () => {
  clearTimeout(away)
  if (document.hidden) away = setTimeout(hush, 10000)
  else if (!stream) look()
})
document.addEventListener('htmx:afterSettle', () => { if (wanted() !== address) listen() })
document.addEventListener('htmx:sendError', look)
document.addEventListener('click', event => {
  if (!event.target.closest('#replay-link[aria-disabled], [data-weight][aria-disabled]')) return
  event.preventDefault()
  event.stopImmediatePropagation()
  say('Not connected: nothing was asked.')
}, true)
for (const name of ['submit', 'htmx:confirm']) {
  document.addEventListener(name, event => {
    if (state !== 'lost' && state !== 'out' || !event.target.closest('form')) return
    event.preventDefault()
    event.stopImmediatePropagation()
    say('Not connected: nothing was sent.')
  }, true)
}
listen()
}
