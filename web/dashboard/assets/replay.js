// A replay's steps as they come. Without this the page comes when all is done.
'use strict'

document.querySelectorAll('form[data-replay]').forEach(form => {
  const at = id => document.getElementById(id)
  const result = at('replay-result'), rows = at('replay-rows'), progress = at('replay-progress')
  const state = at('replay-state'), go = at('replay-go'), stop = at('replay-stop'), notice = at('replay-notice')
  const most = 500 // rows, as the server lists
  let abort = null

  // make returns an element; what was recorded only ever becomes its text.
  function make(name, className, text) {
    const e = document.createElement(name)
    if (className) e.className = className
    if (text !== undefined) e.textContent = text
    return e
  }
  function complain(title, detail) {
    const box = make('div', 'notice bad')
    box.setAttribute('role', 'alert')
    box.append(make('strong', '', title + '.'), ' ', detail)
    notice.replaceChildren(box)
  }
  function row(r) {
    const tr = make('tr'), request = make('th'), outcome = make('td'), differences = make('td')
    request.scope = 'row'
    const code = make('code', '', r.request)
    if (r.link) {
      const a = make('a')
      a.href = r.link
      a.append(code)
      request.append(a)
    } else request.append(code)
    outcome.dataset.label = 'Outcome'
    outcome.append(make('span', 'tag o-' + r.outcome, r.outcome))
    if (r.why) outcome.append(' ', make('small', 'muted', r.why))
    differences.dataset.label = 'Differences now'
    for (const d of r.differences || []) differences.append(make('span', 'tag k-' + d.kind, d.kind), ' ', make('code', '', d.where), ' ')
    if (!r.differences) differences.append(make('span', 'muted', '–'))
    tr.append(request, outcome, differences)
    rows.prepend(tr)
    if (rows.rows.length > most) rows.lastElementChild.remove()
  }
  function show(step) {
    progress.max = step.of
    progress.value = step.done
    state.textContent = step.done + ' of ' + step.of + ' sent'
    for (const dd of result.querySelectorAll('[data-outcome]')) dd.textContent = step[dd.dataset.outcome]
    if (step.row) row(step.row)
  }

  async function run() {
    abort = new AbortController()
    notice.replaceChildren()
    rows.replaceChildren()
    go.disabled = true
    stop.hidden = false
    let last = null
    try {
      const answer = await fetch(location.href, { method: 'POST', body: new URLSearchParams(new FormData(form)),
        headers: { Accept: 'application/x-ndjson' }, signal: abort.signal })
      if (!(answer.headers.get('Content-Type') || '').startsWith('application/x-ndjson')) throw new Error('status ' + answer.status)
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      let rest = ''
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        const lines = (rest + value).split('\n')
        rest = lines.pop()
        for (const line of lines) {
          const step = JSON.parse(line)
          if (step.problem) return complain(step.problem.title, step.problem.detail)
          result.hidden = false
          show(last = step)
        }
      }
      if (!last || last.done < last.of) complain('It ended early', 'The proxy’s log says why.')
      else state.textContent = 'Done: ' + last.done + ' sent'
    } catch (e) {
      if (e.name === 'AbortError') state.textContent += ', then stopped'
      else complain('The answer broke off', 'Look whether the proxy still runs, then try again. ' + e.message)
    } finally {
      go.disabled = false
      stop.hidden = true
    }
  }
  form.addEventListener('submit', event => { event.preventDefault(); run() })
  stop.addEventListener('click', () => abort.abort())
})
