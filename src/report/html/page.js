/* Filters and sorts the rows, and moves over the map by arrow keys. Everything else of the page works without it.
 *
 * In: "about" (names that rows refer to by number) and "data" (the rows; form: html_rows.h), both JSON. The data may be
 * of 100,000 rows, so it is read when it is first needed, and PAGE rows stand in the table at a time.
 * Values become text nodes, never markup.
 */
'use strict';
(() => {
  const PAGE = 100;
  const LINE_PAIR = 0, LINE_BROKEN = 1, LINE_ROW = 3;
  const KIND = 0, CAUSE = 1, CELL = 2, KEY = 3, LINES = 4, OLD_WRITTEN = 5, NEW_WRITTEN = 6;
  const byId = (id) => document.getElementById(id);
  document.documentElement.classList.add('scripted');

  /* ---- the map: one stop for Tab, arrows within ---- */

  const cells = [...document.querySelectorAll('#map a')];

  function cellAbove(index, step) {
    const here = cells[index].getBoundingClientRect();
    for (let i = index + step; i >= 0 && i < cells.length; i += step) {
      const there = cells[i].getBoundingClientRect();
      if (there.top !== here.top && Math.abs(there.left - here.left) < here.width / 2) {
        return i;
      }
    }
    return index;
  }

  const moves = {
    ArrowRight: (i) => Math.min(i + 1, cells.length - 1),
    ArrowLeft: (i) => Math.max(i - 1, 0),
    ArrowDown: (i) => cellAbove(i, 1),
    ArrowUp: (i) => cellAbove(i, -1),
    Home: () => 0,
    End: () => cells.length - 1,
  };

  function makeStop(cell) {
    cells.forEach((other) => { other.tabIndex = other === cell ? 0 : -1; });
  }

  function readOut(event) {
    const cell = event.target.closest('a');
    byId('map-reading').textContent = cell ? cell.title : '';
  }

  function startMap() {
    makeStop(cells.find((cell) => !cell.classList.contains('proved')) || cells[0]);
    const map = byId('map');
    map.addEventListener('keydown', (event) => {
      const move = moves[event.key];
      if (move && !event.ctrlKey && !event.altKey && !event.metaKey) {
        const cell = cells[move(cells.indexOf(event.target.closest('a')))];
        makeStop(cell);
        cell.focus();
        event.preventDefault();
      }
    });
    map.addEventListener('focusin', readOut);
    map.addEventListener('mouseover', readOut);
  }

  /* ---- printing: what is folded is opened ---- */

  let folded = [];
  window.addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details:not([open])')];
    folded.forEach((details) => { details.open = true; });
  });
  window.addEventListener('afterprint', () => folded.forEach((details) => { details.open = false; }));

  if (cells.length > 0) {
    startMap();
  }
  if (!byId('data')) {
    return;
  }

  /* ---- the rows ---- */

  const about = JSON.parse(byId('about').textContent);
  const form = byId('filter');
  const table = byId('findings');
  const wanted = {text: '', kind: '', column: '', invariant: '', cause: '', cell: ''}; /* cell: "3", "3-5" */
  let cellKeys = ''; /* of wanted.cell, in words */
  const order = {by: 'key', down: false};
  let all = null; /* rows */
  let haystacks = []; /* of each row, lower case, made when it is first searched */
  let found = null; /* numbers of the rows that match, in order */
  let page = 0;

  function rows() {
    all ??= JSON.parse(byId('data').textContent);
    return all;
  }

  function label(line) {
    if (line[0] === LINE_PAIR) {
      return about.pairs[line[1]];
    }
    return line[0] === LINE_BROKEN ? 'breaks ' + about.invariants[line[1]] : line[1];
  }

  function haystack(number) {
    const row = rows()[number];
    const words = [about.kinds[row[KIND]], about.causes[row[CAUSE]], ...row[KEY]];
    for (const line of row[LINES]) {
      words.push(label(line), ...line.slice(2).map((value) => (value === null ? 'NULL' : value || '')));
    }
    return words.join('\n').toLowerCase();
  }

  function hasLine(row, kind, index) {
    return row[LINES].some((line) => line[0] === kind && line[1] === index);
  }

  function isWantedCell(cell) {
    const [first, last] = wanted.cell.split('-');
    return cell >= +first && cell <= +(last ?? first);
  }

  function matches(number) {
    const row = rows()[number];
    return (wanted.kind === '' || row[KIND] === +wanted.kind) &&
      (wanted.cause === '' || row[CAUSE] === +wanted.cause) &&
      (wanted.cell === '' || isWantedCell(row[CELL])) &&
      (wanted.column === '' || hasLine(row, LINE_PAIR, +wanted.column)) &&
      (wanted.invariant === '' || hasLine(row, LINE_BROKEN, +wanted.invariant)) &&
      (wanted.text === '' || (haystacks[number] ??= haystack(number)).includes(wanted.text));
  }

  /* Rows come in key order; what is equal otherwise stays in it. */
  const ranks = {
    key: () => 0,
    kind: (row) => row[KIND],
    cause: (row) => about.causes[row[CAUSE]],
    column: (row) => label(row[LINES][0]),
  };

  function sorted(numbers) {
    const rank = numbers.map((number) => ranks[order.by](rows()[number]));
    const places = numbers.map((number, place) => place);
    const sign = order.down ? -1 : 1;
    places.sort((a, b) => sign * ((rank[a] > rank[b]) - (rank[a] < rank[b]) || (order.by === 'key' ? a - b : 0)) || a - b);
    return places.map((place) => numbers[place]);
  }

  /* ---- rows as elements: the same as the page came with (html_row_write) ---- */

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) {
      made.className = className;
    }
    made.append(...children);
    return made;
  }

  /* What two values have in common at their ends, in whole characters. */
  function commonEnds(a, b) {
    const left = [...a], right = [...b];
    const most = Math.min(left.length, right.length);
    let begin = 0, end = 0;
    while (begin < most && left[begin] === right[begin]) {
      begin++;
    }
    while (end < most - begin && left[left.length - 1 - end] === right[right.length - 1 - end]) {
      end++;
    }
    return {begin, end};
  }

  function marked(text, other, tag) {
    const common = commonEnds(text, other);
    if (common.begin + common.end === 0) {
      return [text];
    }
    const characters = [...text];
    const middle = characters.slice(common.begin, characters.length - common.end).join('');
    return [characters.slice(0, common.begin).join(''), ...(middle ? [element(tag, '', middle)] : []),
      characters.slice(characters.length - common.end).join('')];
  }

  function valueCell(line, value, other, tag) {
    const cell = element('td', line[0] === LINE_ROW ? 'word' : 'value');
    if (value === null) {
      cell.append(element('span', 'null', 'NULL'));
    } else if (value === '') {
      cell.append(element('span', 'null', 'empty'));
    } else if (value !== 0) {
      const both = line[0] === LINE_PAIR && typeof other === 'string';
      cell.append(...(both ? marked(value, other, tag) : [value]));
    }
    return cell;
  }

  function lineCells(line) {
    if (line[0] === LINE_BROKEN || (line[0] === LINE_ROW && line[2] === 0)) {
      const note = element('td', 'note', label(line));
      note.colSpan = about.oneValue ? 2 : 3;
      return [note];
    }
    const made = [element('td', 'column', label(line)), valueCell(line, line[2], line[3], 'del')];
    return about.oneValue ? made : [...made, valueCell(line, line[3], line[2], 'ins')];
  }

  function rowElement(row) {
    const lines = row[LINES];
    const key = element('th', 'key', row[KEY].join(', '));
    key.scope = 'rowgroup';
    const kind = element('td', 'kind', about.kinds[row[KIND]]);
    if (row[OLD_WRITTEN]) {
      kind.append(element('span', 'written', (about.oneRow ? '' : 'old ') + 'written ' + row[OLD_WRITTEN]));
    }
    if (row[NEW_WRITTEN]) {
      kind.append(element('span', 'written', 'new written ' + row[NEW_WRITTEN]));
    }
    const heads = [key, kind, element('td', 'cause', about.causes[row[CAUSE]])];
    heads.forEach((head) => { head.rowSpan = lines.length; });
    return element('tbody', '', ...lines.map((line, i) => element('tr', '', ...(i === 0 ? heads : []), ...lineCells(line))));
  }

  /* ---- what is shown ---- */

  const shown = (count) => count.toLocaleString('en');

  function tellCount(total) {
    const first = total === 0 ? 0 : page * PAGE + 1;
    const last = Math.min(total, (page + 1) * PAGE);
    const filtered = total < about.total;
    const which = total > PAGE ? `${shown(first)} to ${shown(last)} of ` : '';
    byId('count').textContent = total === 0 ? 'No row matches.'
      : `${which}${shown(total)} ${total === 1 ? 'row' : 'rows'}${filtered ? ` that match, of ${shown(about.total)}` : ''}`;
    byId('pager').hidden = total <= PAGE;
    byId('page-number').textContent = `Page ${shown(page + 1)} of ${shown(Math.max(1, Math.ceil(total / PAGE)))}`;
    byId('previous').disabled = page === 0;
    byId('next').disabled = last >= total;
  }

  function show() {
    const bodies = found.slice(page * PAGE, (page + 1) * PAGE).map((number) => rowElement(rows()[number]));
    [...table.tBodies].forEach((body) => body.remove());
    table.append(...bodies);
    tellCount(found.length);
  }

  function search() {
    const numbers = [];
    for (let number = 0; number < about.total; number++) {
      if (matches(number)) {
        numbers.push(number);
      }
    }
    found = sorted(numbers);
    page = 0;
    show();
    tellCell();
  }

  function turn(step) {
    found ??= sorted([...rows().keys()]);
    page += step;
    show();
    byId('rows').focus({preventScroll: true});
    byId('rows').scrollIntoView();
  }

  /* ---- controls ---- */

  function tellCell() {
    const none = wanted.cell === '';
    cells.forEach((cell, i) => {
      if (none || !isWantedCell(i)) {
        cell.removeAttribute('aria-current');
      } else {
        cell.setAttribute('aria-current', 'true');
      }
    });
    byId('clear-cell').hidden = none;
    byId('clear-cell').textContent = none ? '' : `Keys ${cellKeys} ×`;
    byId('clear-cell').setAttribute('aria-label', none ? '' : `All keys, not only ${cellKeys}`);
  }

  function readForm() {
    for (const name of ['kind', 'column', 'invariant', 'cause']) {
      wanted[name] = form.elements[name].value;
    }
    wanted.text = form.elements.text.value.trim().toLowerCase();
    search();
  }

  function sortBy(heading) {
    const by = heading.dataset.sort;
    order.down = order.by === by && !order.down;
    order.by = by;
    table.querySelectorAll('th[data-sort]').forEach((other) => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', order.down ? 'descending' : 'ascending');
    search();
  }

  function startSorting() {
    table.querySelectorAll('th[data-sort]').forEach((heading) => {
      const button = element('button', '', ...heading.childNodes);
      button.type = 'button';
      button.addEventListener('click', () => sortBy(heading));
      heading.append(button);
    });
  }

  /* Links of the page to some of the rows: data-cell="3", data-cell="3-5", data-column="0", ... */
  function follow(event) {
    const link = event.target.closest('a[href="#rows"]');
    const name = link && Object.keys(link.dataset).find((key) => key in wanted);
    if (!name || (name === 'cell' && !about.places)) {
      return;
    }
    if (name === 'cell') {
      wanted.cell = link.dataset.cell;
      cellKeys = link.title ? link.title.replace(/: .*/, '') : link.textContent;
    } else {
      form.elements[name].value = link.dataset[name];
    }
    readForm();
  }

  function start() {
    let waiting;
    form.hidden = false;
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', readForm);
    form.elements.text.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(readForm, 150);
    });
    form.addEventListener('reset', () => {
      wanted.cell = '';
      setTimeout(readForm);
    });
    byId('clear-cell').addEventListener('click', () => {
      wanted.cell = '';
      search();
      form.elements.text.focus();
    });
    byId('previous').addEventListener('click', () => turn(-1));
    byId('next').addEventListener('click', () => turn(1));
    document.addEventListener('click', follow);
    startSorting();
    tellCount(about.total);
  }

  start();
})();
