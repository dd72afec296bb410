// A link for the clipboard: what the page is about, and where it is. A form with such a link has what it leads
// to kept as well.
'use strict'

{
  const say = text => {
    const said = document.getElementById('said')
    if (said) said.textContent = text
  }
  async function copy(from, button) {
    const link = new URL(from.dataset.copy, location.href).href
    try {
      await navigator.clipboard.writeText(from.dataset.about ? from.dataset.about + '\n' + link : link)
      button.textContent = '✓ Copied'
      say('The link is copied.')
    } catch { // not over plain HTTP to another machine: let people copy it themselves
      const box = document.createElement('input')
      box.readOnly = true
      box.value = link
      box.setAttribute('aria-label', 'The link, to copy')
      button.replaceWith(box)
      box.select()
    }
  }
  document.addEventListener('click', event => {
    const button = event.target.closest('button[data-copy]')
    if (button) copy(button, button)
  })
  document.addEventListener('submit', async event => {
    const form = event.target
    if (!form.dataset.copy) return
    event.preventDefault()
    const hint = form.querySelector('small')
    copy(form, form.querySelector('button'))
    let kept = false
    try {
      kept = (await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), headers: { 'HX-Request': 'true' } })).ok
    } catch { /* not connected: the page says so */ }
    hint.textContent = kept ? 'These answers are kept for who has the link.' : 'These answers could not be kept: the link may lead to others of the group.'
    say(hint.textContent)
  })
}
