// Charts over time: one time axis for all of a section, with what was moved as lines across and a
// word above. Figures come from the address in data-charts, again every half minute while the page
// is looked at. Under each chart the same stands as a table.
'use strict'
{
const dark = matchMedia('(prefers-color-scheme: dark)')
const again = 30_000 // milliseconds
const height = 170

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
const colours = { legacy: '--legacy-line', service: '--service', diverged: '--diverged' }

function element(name, attributes, ...children) {
  const e = document.createElement(name)
  for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v)
  e.append(...children)
  return e
}

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })
function shown(value, unit) {
  if (value == null) return '–'
  if (unit === 'ms' && value >= 10_000) return number.format(value / 1000) + ' s'
  return number.format(value) + (unit === 'ms' ? ' ms' : unit === '%' ? ' %' : unit)
}
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })
const stamp = seconds => moment.format(new Date(seconds * 1000))

// marks draws what was moved: a line across each chart, and its word above the first. Words that
// would lie on one another are left out; the list under the charts has all.
function marks(data, words) {
  return u => {
    const c = u.ctx, ratio = devicePixelRatio
    c.save()
    c.strokeStyle = css('--accent')
    c.fillStyle = css('--accent')
    c.lineWidth = ratio
    c.font = `600 ${11 * ratio}px system-ui, sans-serif`
    c.textBaseline = 'bottom'
    let free = -Infinity
    for (const m of data.marks) {
      const x = Math.round(u.valToPos(m.at, 'x', true))
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue
      c.setLineDash([3 * ratio, 3 * ratio])
      c.beginPath()
      c.moveTo(x + .5, u.bbox.top - (words ? 4 * ratio : 0))
      c.lineTo(x + .5, u.bbox.top + u.bbox.height)
      c.stroke()
      if (!words) continue
      const wide = c.measureText(m.word).width
      const left = Math.min(Math.max(x - wide / 2, u.bbox.left), u.bbox.left + u.bbox.width - wide)
      if (left < free) continue
      c.fillText(m.word, left, u.bbox.top - 5 * ratio)
      free = left + wide + 6 * ratio
    }
    c.restore()
  }
}

// table is a chart as a table, newest first; it is made when somebody opens it.
function table(data, chart) {
  const details = element('details', { class: 'series' }, element('summary', {}, 'As a table: ' + chart.title.toLowerCase()))
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('table')) return
    const head = element('tr', {}, element('th', { scope: 'col' }, 'From'), ...chart.lines.map(l => element('th', { scope: 'col', class: 'num' }, l.name)))
    const rows = data.at.map((at, i) => element('tr', {}, element('th', { scope: 'row' }, stamp(at)),
      ...chart.lines.map(l => element('td', { class: 'num' }, shown(l.values[i], chart.unit))))).reverse()
    details.append(element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': chart.title + ' as a table' },
      element('table', {}, element('caption', { class: 'unseen' }, chart.title), element('thead', {}, head), element('tbody', {}, ...rows))))
  })
  return details
}

function draw(section, data) {
  const plots = section.querySelector('.plots')
  for (const u of section.drawn || []) u.destroy()
  section.drawn = []
  const open = new Set([...plots.querySelectorAll('details[open]')].map(d => d.dataset.of))
  plots.replaceChildren()
  const nothing = data.charts.every(c => c.lines.every(l => l.values.every(v => !v)))
  if (nothing) {
    plots.append(element('p', { class: 'empty' }, 'Nothing happened here in this time. Figures come in every ten seconds once requests do.'))
    return
  }
  const sync = uPlot.sync('charts')
  const grid = { stroke: css('--line'), width: 1 }
  const axis = { stroke: css('--soft'), grid, ticks: { show: false }, font: '11px system-ui, sans-serif' }
  data.charts.forEach((chart, at) => {
    const said = element('p', { class: 'unseen' }, chart.said)
    const canvas = element('div', { class: 'plot', role: 'img', 'aria-label': chart.title + ' over time. ' + chart.said })
    const heading = element('h3', {}, chart.title + ' ', element('small', { class: 'muted' }, chart.unit === '/min' ? 'per minute' : chart.unit))
    const readout = element('p', { class: 'readout', 'aria-hidden': 'true' })
    const as = table(data, chart)
    as.dataset.of = chart.name
    const figure = element('figure', { class: 'chart' }, element('div', { class: 'over' }, heading, readout), canvas, said, as)
    plots.append(figure)
    if (open.has(chart.name)) as.open = true
    const few = data.at.length < 40
    const u = new uPlot({
      width: Math.max(200, canvas.clientWidth), height,
      padding: [at < 2 && data.marks.length ? 20 : 8, 6, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: sync.key }, drag: { x: false, y: false }, points: { size: 7 }, y: false },
      scales: { x: { time: true, range: [data.begin, data.end] }, y: { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [{ ...axis, size: 40 }, { ...axis, size: 52, values: (u, all) => all.map(v => number.format(v)) }],
      series: [{}, ...chart.lines.map(l => ({
        label: l.name, stroke: css(colours[l.side]), width: l.dash ? 1.25 : 2, dash: l.dash ? [4, 3] : undefined,
        fill: !l.dash && chart.lines.length < 3 ? css(colours[l.side]) + '1f' : undefined, points: { show: few, size: 5 }, spanGaps: false,
      }))],
      hooks: {
        draw: [marks(data, true)],
        setCursor: [u => {
          const i = u.cursor.idx
          const near = data.marks.filter(m => i != null && Math.abs(m.at - data.at[i]) <= data.step / 2 + (data.end - data.begin) / 200).pop()
          readout.textContent = i == null ? '' : stamp(data.at[i]) + ' · ' + chart.lines.map(l => l.name + ' ' + shown(l.values[i], chart.unit)).join(' · ') + (near ? ' · ' + near.text : '')
        }],
      },
    }, [data.at, ...chart.lines.map(l => l.values)], canvas)
    sync.sub(u)
    section.drawn.push(u)
  })
  if (data.since) plots.append(element('p', { class: 'muted' }, 'There is no finer record before ' + stamp(data.since) + '.'))
  if (data.marks.length) {
    const list = element('ol', { class: 'moves' }, ...data.marks.slice().reverse().map(m => element('li', {}, element('time', { datetime: new Date(m.at * 1000).toISOString() }, stamp(m.at)), ' ' + m.text)))
    const all = element('details', { class: 'series' }, element('summary', {}, data.marks.length + (data.marks.length === 1 ? ' change' : ' changes') + ' in this time'), list)
    all.dataset.of = 'marks'
    if (open.has('marks')) all.open = true
    plots.append(all)
  }
}

async function read(section) {
  const chosen = section.querySelector('[name=span]:checked')
  const plots = section.querySelector('.plots')
  const asked = section.asked = {}
  try {
    const answer = await fetch(section.dataset.charts + '?span=' + (chosen ? chosen.value : ''), { headers: { Accept: 'application/json' } })
    if (!answer.ok) throw new Error(await answer.text())
    const data = await answer.json()
    if (section.asked !== asked) return // another span was chosen meanwhile
    section.data = data
    draw(section, data)
  } catch (e) {
    if (section.asked !== asked) return
    if (!section.data) plots.replaceChildren(element('p', { class: 'empty', role: 'status' }, 'The figures can\'t be read now: ' + String(e.message || e).slice(0, 200)))
  }
  section.setAttribute('aria-busy', 'false')
}

for (const section of document.querySelectorAll('[data-charts]')) {
  section.setAttribute('aria-busy', 'true')
  read(section)
  section.addEventListener('change', event => { if (event.target.name === 'span') read(section) })
  setInterval(() => { if (!document.hidden && !document.body.classList.contains('lost') && !section.contains(document.activeElement?.closest('details'))) read(section) }, again)
  document.addEventListener('visibilitychange', () => { if (!document.hidden) read(section) })
  let wide = section.clientWidth
  new ResizeObserver(() => {
    if (section.clientWidth === wide) return
    wide = section.clientWidth
    for (const u of section.drawn || []) u.setSize({ width: Math.max(200, u.root.parentElement.clientWidth), height })
  }).observe(section)
  dark.addEventListener('change', () => section.data && draw(section, section.data))
}
}
