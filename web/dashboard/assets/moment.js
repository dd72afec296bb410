// The journal's slider says what it stands at, and times are typed in the reader's zone.
'use strict'

{
  const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
  // standing returns the change that a slider stands at: the last one up to its value.
  function standing(slider) {
    let found = null
    for (const stop of document.querySelectorAll('#stops > option')) {
      if (Number(stop.value) > Number(slider.value)) break
      found = stop
    }
    return found
  }
  function say(slider) {
    const stop = standing(slider), output = document.querySelector('output[for="' + slider.id + '"]')
    if (!stop || !output) return
    const last = slider.value === slider.max && slider.id === 'until'
    const text = exact.format(new Date(stop.dataset.at)) + ': ' + stop.label + (last ? ' (now)' : '')
    output.textContent = text
    slider.setAttribute('aria-valuetext', text)
  }
  const sliders = document.querySelectorAll('[data-stop]')
  for (const slider of sliders) {
    say(slider)
    slider.addEventListener('input', () => say(slider))
  }

  const pad = n => String(n).padStart(2, '0')
  const local = at => at.getFullYear() + '-' + pad(at.getMonth() + 1) + '-' + pad(at.getDate()) + ' ' + pad(at.getHours()) + ':' + pad(at.getMinutes()) + ':' + pad(at.getSeconds())
  const utc = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/
  // zoned turns a time without a zone into one of the zone: what the server writes is UTC.
  const zoned = (text, zone) => utc.test(text) ? new Date((text.length === 10 ? text + 'T00:00' : text.replace(' ', 'T')) + zone) : new Date(text)
  for (const input of document.querySelectorAll('[data-zoned]')) {
    const at = zoned(input.value.trim(), 'Z')
    if (input.value && !isNaN(at)) input.value = local(at)
  }
  const name = document.querySelector('.zone-name')
  if (name) name.textContent = '(' + Intl.DateTimeFormat().resolvedOptions().timeZone + ')'
  const form = document.getElementById('exact')
  if (form) {
    form.addEventListener('formdata', event => {
      for (const input of form.querySelectorAll('[data-zoned]')) {
        const at = zoned(input.value.trim(), '')
        if (input.value.trim() && !isNaN(at)) event.formData.set(input.name, at.toISOString())
      }
    })
  }
}
