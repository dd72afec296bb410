// What a move would do, said while it is chosen. Without this a button asks the server.
'use strict'

{
  let wait = 0, asked = 0
  async function show(form) {
    const box = document.getElementById('effect')
    if (!box) return
    const ask = new URLSearchParams()
    for (const name of ['to', 'weight']) ask.set(name, new FormData(form).get(name) || '')
    const mine = ++asked
    try {
      const answer = await fetch(box.dataset.route + '/effect?' + ask, { headers: { 'HX-Request': 'true' } })
      if (!answer.ok || answer.redirected) return
      const text = await answer.text()
      const have = document.getElementById('effect')
      if (mine !== asked || !have) return // another choice is being asked about
      const want = document.createElement('template')
      want.innerHTML = text
      localise(want.content)
      have.replaceChildren(...want.content.firstElementChild.childNodes)
    } catch { /* not connected: the page says so */ }
  }
  function soon(form) {
    clearTimeout(wait)
    wait = setTimeout(show, 120, form)
    setTimeout(valued) // when app.js has brought slider and number together
  }
  // valued says a slider's value as people say it.
  function valued() {
    const slider = document.getElementById('slider')
    if (slider) slider.setAttribute('aria-valuetext', slider.value + ' %')
  }
  for (const type of ['input', 'change']) {
    document.addEventListener(type, event => {
      if (event.target.form && event.target.form.id === 'move-form' && event.target.name !== 'reason') soon(event.target.form)
    })
  }
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-weight]')
    if (!button) return
    const weight = document.getElementById('weight')
    weight.value = button.dataset.weight
    weight.dispatchEvent(new Event('input', { bubbles: true }))
  })
  valued()
}
