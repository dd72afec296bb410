// What the pages do beyond links and forms. Everything works without it; with it, pages stay up
// to date without losing the focus or what somebody types.
'use strict'

document.documentElement.classList.add('js')

// Times come in UTC; the reader's zone is the browser's to know.
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const shortClocks = {
  clock: new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }),
  hour: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: 'numeric' }),
  day: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }),
}
function localise(root) {
  for (const t of root.querySelectorAll('time[datetime]')) {
    const at = new Date(t.dateTime)
    if (isNaN(at)) continue
    t.title = t.dateTime
    t.textContent = (shortClocks[t.dataset.form] || clock).format(at)
  }
}

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

// The stream's messages are parts of this page, each with an id.
document.addEventListener('htmx:sseBeforeMessage', event => {
  event.preventDefault()
  const box = document.createElement('template')
  box.innerHTML = event.detail.data
  localise(box.content)
  // Rows come in a table of their own, since HTML has none outside of one.
  const parts = [...box.content.children].flatMap(p => p.id ? [p] : p.tBodies[0].id ? [p.tBodies[0]] : [...p.rows])
  for (const part of parts) {
    const have = document.getElementById(part.id)
    if (!have) continue
    graft(have, part)
    htmx.process(document.getElementById(part.id))
  }
})

// A page that isn't connected says so, and doesn't pretend that its controls know what is.
function connected(yes) {
  const lost = document.body.classList.toggle('lost', !yes)
  document.body.classList.toggle('live', yes)
  const text = document.querySelector('#connection .text')
  const now = lost ? 'reconnecting…' : 'live'
  if (text && text.textContent !== now) text.textContent = now
  for (const button of document.querySelectorAll('main button, #rollback-all')) {
    if (lost) button.setAttribute('aria-disabled', 'true')
    else button.removeAttribute('aria-disabled')
  }
}
document.addEventListener('htmx:sseOpen', () => connected(true))
document.addEventListener('htmx:sseError', () => connected(false))
for (const name of ['submit', 'htmx:confirm']) {
  document.addEventListener(name, event => {
    const form = event.target.closest('form')
    if (!form || form.method === 'get' || !document.body.classList.contains('lost')) return
    event.preventDefault()
    event.stopImmediatePropagation()
    say('Not connected: nothing was sent.')
  }, true)
}
function say(text) { document.getElementById('said').textContent = text }

document.addEventListener('input', event => {
  const input = event.target
  if (input.form && input.form.method === 'post') input.form.dataset.edited = ''
  if (input.matches('[data-with]')) {
    document.querySelector(input.dataset.with).value = input.value
    document.querySelector(input.dataset.choose).checked = true
  }
  if (input.id === 'weight') {
    document.getElementById('slider').value = input.value
    document.getElementById('to-canary').checked = true
  }
})

// Rollback: the page that asks for the confirmation, shown in a dialog.
const dialog = document.getElementById('dialog')
document.addEventListener('click', async event => {
  const link = event.target.closest('[data-dialog], [data-close]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  if (link.hasAttribute('data-close')) {
    if (dialog.open) { event.preventDefault(); dialog.close() }
    return
  }
  event.preventDefault()
  const body = document.getElementById('dialog-body')
  try {
    const answer = await fetch(link.href, { headers: { 'HX-Request': 'true' } })
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText)
    body.innerHTML = await answer.text()
    localise(body)
    dialog.showModal()
  } catch {
    location.href = link.href
  }
})

document.addEventListener('htmx:afterSwap', event => {
  localise(document)
  const notice = document.querySelector('.notice[role=status]')
  if (notice) say(notice.textContent)
})
document.addEventListener('keydown', event => {
  if (event.key === '/' && !event.target.matches('input, textarea, select')) {
    const box = document.getElementById('filter')
    if (box) { event.preventDefault(); box.focus() }
  }
})

localise(document)
const zone = document.querySelector('.zone')
if (zone) zone.textContent = 'Times are in ' + Intl.DateTimeFormat().resolvedOptions().timeZone
