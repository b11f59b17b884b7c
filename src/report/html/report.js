// SPDX-License-Identifier: Apache-2.0
// Filters and groups the findings, which are all in the page already. Nothing is made from text as
// markup: names go in as textContent only.
(() => {
  'use strict';
  const BODY_ROWS = 50; // as in html_findings.c
  const RANK = ['fail', 'warn', 'info'];
  const find = (id) => document.getElementById(id);

  // --- copy buttons, and what is folded opens on paper ---

  for (const pre of document.querySelectorAll('pre')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      const code = pre.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = 'Selected';
      }
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    pre.append(button);
  }
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    for (const details of folded) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of folded) details.open = false;
  });

  const controls = find('controls');
  if (!controls) return;
  const text = find('text');
  const rule = find('rule');
  const shown = find('shown');
  const reset = find('reset');
  const levels = [...controls.querySelectorAll('[name=level]')];
  const groups = [...controls.querySelectorAll('[name=group]')];

  // --- the rows, read when they are first needed ---

  let rows = null;
  function load() {
    if (rows) return;
    rows = [];
    for (const table of document.querySelectorAll('table.found, table.excepted')) {
      for (const tr of table.querySelectorAll('tbody > tr:not(.g)')) {
        const cells = tr.cells;
        rows.push({
          tr,
          table,
          counts: table.classList.contains('found'),
          level: tr.classList[0],
          rule: cells[1].textContent,
          ofImage: tr.classList.contains('i'),
          package: cells[5].textContent,
          layer: parseInt(cells[6].textContent, 10), // NaN: none
          text: tr.textContent.toLowerCase(),
        });
      }
    }
  }

  // --- filter ---

  function number(n) {
    return n === 1 ? '1 finding' : n + ' findings';
  }

  function filter() {
    load();
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const on = new Set(levels.filter((box) => box.checked).map((box) => box.value));
    const byLevel = { fail: 0, warn: 0, info: 0 };
    const byRule = new Map();
    let all = 0;
    let seen = 0;
    for (const row of rows) {
      const hasText = words.every((word) => row.text.includes(word));
      const hasRule = !rule.value || row.rule === rule.value;
      const hasLevel = on.has(row.level);
      const show = hasText && hasRule && hasLevel;
      if (row.tr.hidden === show) row.tr.hidden = !show;
      if (!row.counts) continue;
      all++;
      seen += show;
      // A control's own number is what choosing it would show.
      byLevel[row.level] += hasText && hasRule;
      if (hasText && hasLevel) byRule.set(row.rule, (byRule.get(row.rule) || 0) + 1);
    }
    for (const box of levels) box.parentNode.querySelector('span').textContent = byLevel[box.value];
    for (const option of rule.options) {
      if (option.value) option.textContent = option.value + ' (' + (byRule.get(option.value) || 0) + ')';
    }
    shown.textContent = seen === all ? number(all) : seen + ' of ' + number(all);
    reset.hidden = seen === all && !text.value && !rule.value;
    hideEmpty();
  }

  // Groups, bodies and tables of which nothing is left.
  function hideEmpty() {
    for (const table of document.querySelectorAll('table.found, table.excepted')) {
      let head = null;
      let count = 0;
      let total = 0;
      const close = () => {
        if (!head) return;
        head.querySelector('span').textContent = count;
        head.hidden = count === 0;
        head.parentNode.hidden = count === 0;
      };
      for (const body of table.tBodies) {
        let visible = 0;
        for (const tr of body.rows) {
          if (tr.classList.contains('g')) {
            close();
            head = tr;
            count = 0;
          } else if (!tr.hidden) visible++;
        }
        count += visible;
        total += visible;
        body.hidden = visible === 0 && !body.rows[0].classList.contains('g');
      }
      close();
      let none = table.nextElementSibling;
      if (!none) {
        none = document.createElement('p');
        none.className = 'none filtered';
        none.textContent = 'Nothing here fits the filter.';
        table.after(none);
      }
      none.hidden = total > 0;
    }
  }

  // --- group ---

  // The key that groups a row, what the group is called, and its place.
  const keys = {
    package: (row) => ({ key: row.package, name: row.package || 'In no package' }),
    rule: (row) => ({ key: row.rule, name: row.rule }),
    layer: (row) => {
      if (Number.isNaN(row.layer)) return { key: '', name: 'In no layer' };
      const item = find(row.table.dataset.subject + '-l' + row.layer);
      const line = item ? item.querySelector('code').textContent : '';
      return { key: row.layer, name: 'Layer ' + row.layer + ': ' + line };
    },
  };

  function groupOf(by, row, known) {
    const { key, name } = row.ofImage && by !== 'rule' ? { key: '/image', name: row.table.dataset.self } : keys[by](row);
    if (!known.has(key)) known.set(key, { key, name, rows: [], rank: 9 });
    const group = known.get(key);
    group.rows.push(row.tr);
    group.rank = Math.min(group.rank, RANK.indexOf(row.level));
  }

  // Layers from the bottom up; packages and rules by their worst; what is in none last.
  function compare(by, a, b) {
    if ((a.key === '/image') !== (b.key === '/image')) return a.key === '/image' ? -1 : 1;
    if (by === 'layer' && a.key !== '' && b.key !== '') return a.key - b.key;
    if (by !== 'layer' && a.rank !== b.rank) return a.rank - b.rank;
    if ((a.key === '') !== (b.key === '')) return a.key === '' ? 1 : -1;
    return a.key < b.key ? -1 : 1;
  }

  function bodies(group) {
    const made = [];
    for (let at = 0; at < group.rows.length; at += BODY_ROWS) {
      const part = group.rows.slice(at, at + BODY_ROWS);
      const body = document.createElement('tbody');
      body.className = part.length <= 4 ? 'few' : part.length <= 16 ? 'some' : 'many';
      if (at === 0) {
        const head = body.insertRow();
        const th = document.createElement('th');
        const span = document.createElement('span');
        head.className = 'g';
        th.colSpan = 7;
        th.scope = 'rowgroup';
        span.textContent = group.rows.length;
        th.append(group.name + ' ', span);
        head.append(th);
      }
      body.append(...part);
      made.push(body);
    }
    return made;
  }

  function regroup(by) {
    load();
    for (const table of document.querySelectorAll('table.found')) {
      const known = new Map();
      for (const row of rows) if (row.table === table) groupOf(by, row, known);
      const sorted = [...known.values()].sort((a, b) => compare(by, a, b));
      table.classList.remove('by-package', 'by-layer', 'by-rule');
      table.classList.add('by-' + by);
      table.replaceChildren(table.tHead, ...sorted.flatMap(bodies));
    }
    hideEmpty();
  }

  // --- the controls ---

  let due = 0;
  text.addEventListener('input', () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(filter);
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') clear();
  });
  rule.addEventListener('change', filter);
  for (const box of levels) box.addEventListener('change', filter);
  for (const radio of groups) radio.addEventListener('change', () => regroup(radio.value));
  function clear() {
    text.value = '';
    rule.value = '';
    for (const box of levels) box.checked = true;
    filter();
  }
  reset.addEventListener('click', () => {
    clear();
    text.focus();
  });
  addEventListener('keydown', (event) => {
    const typing = event.target.closest('input:not([type=checkbox], [type=radio]), select');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      text.focus();
    }
  });
  controls.hidden = false;
  // The page comes with the numbers of an empty filter. A browser may have kept another one over a
  // reload.
  const by = groups.find((radio) => radio.checked).value;
  if (by !== 'package') regroup(by);
  if (text.value || rule.value || levels.some((box) => !box.checked)) filter();
})();
