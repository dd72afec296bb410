// A link for the clipboard: what the page is about, and where it is.
'use strict'

document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  const link = new URL(button.dataset.copy, location.href).href
  const text = button.dataset.about ? button.dataset.about + '\n' + link : link
  const said = document.getElementById('said')
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = '✓ Copied'
    if (said) said.textContent = 'The link is copied.'
  } catch { // not over plain HTTP to another machine: let people copy it themselves
    const box = document.createElement('input')
    box.readOnly = true
    box.value = link
    box.setAttribute('aria-label', 'The link, to copy')
    button.replaceWith(box)
    box.select()
  }
})
