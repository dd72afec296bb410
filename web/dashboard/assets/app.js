// What the pages do beyond links and forms. Everything works without it. live.js keeps them up to date.
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
  if (link.getAttribute('aria-disabled')) return say('Not connected: nothing was asked.')
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
