// The table of routes: choosing some of them. Filtering and sorting are the server's.
'use strict'
{
const picks = () => [...document.querySelectorAll('#rows [name=route]')]
function told() {
  const said = document.getElementById('picked')
  if (!said) return
  const n = picks().filter(p => p.checked).length
  const text = n ? n + (n === 1 ? ' route chosen' : ' routes chosen') : 'Choose routes to move them together'
  if (said.textContent !== text) said.textContent = text
  said.classList.toggle('some', n > 0)
  const all = document.getElementById('pick-all')
  if (all) {
    all.checked = n > 0 && n === picks().length
    all.indeterminate = n > 0 && !all.checked
  }
}
let last = null
document.addEventListener('click', event => { // with shift: all between this one and the one before
  const pick = event.target
  if (!pick.matches('#rows [name=route]')) return
  const all = picks()
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((a, b) => a - b)
    for (const p of all.slice(from, to + 1)) p.checked = pick.checked
  }
  last = pick
  told()
})
document.addEventListener('change', event => {
  if (event.target.id === 'pick-all') for (const p of picks()) p.checked = event.target.checked
  if (event.target.id === 'bulk-weight') document.getElementById('bulk-to').value = 'canary'
  told()
})
document.addEventListener('submit', event => {
  if (event.target.id !== 'bulk' || picks().some(p => p.checked)) return
  event.preventDefault()
  say('Choose at least one route first.')
  document.getElementById('picked').textContent = 'Choose at least one route first'
})
document.addEventListener('htmx:afterSettle', told)
told()
}
