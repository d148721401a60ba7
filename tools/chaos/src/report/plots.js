/* Draws the timelines of a report's layers, in the page itself, where uPlot is a global. */
(() => {
  const LEFT = 96; // of the axis, the same for all, so that their times are above each other
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const timelines = JSON.parse(document.getElementById('timelines').textContent);
  let charts = [];

  /** A colour of the page's style sheet as a canvas understands it. */
  const colour = (name) => {
    const probe = document.createElement('i');
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };

  const clock = (at) => {
    const seconds = Math.round(at);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };

  const axes = (y) => {
    const common = {
      stroke: colour('muted'),
      grid: { stroke: colour('rule'), width: 1 },
      ticks: { show: false },
    };
    const times = (_, splits) => splits.map(clock);
    return [
      {
        ...common,
        size: 30,
        values: times,
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600],
      },
      { ...common, size: LEFT, ...y },
    ];
  };

  const draw = (host, title, options, data) => {
    const heading = document.createElement('h3');
    heading.textContent = title;
    host.append(heading);
    const chart = new uPlot({ width: host.clientWidth, height: 170, ...options }, data, host);
    charts.push(chart);
    return chart;
  };

  /** Shades the times of faults, and names those that have room until the time given for that. */
  const shade = (faults, boxOf) => (chart) => {
    const { ctx, bbox } = chart;
    const [fault, text] = [colour('fault'), colour('text')];
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    for (const each of faults) {
      const left = chart.valToPos(each.from, 'x', true);
      const width = Math.max(chart.valToPos(each.to, 'x', true) - left, 2 * devicePixelRatio);
      const { top, height, alpha, room } = boxOf(each, chart);
      ctx.globalAlpha = alpha;
      ctx.fillStyle = fault;
      ctx.fillRect(left, top, width, height);
      if (room === undefined) continue;
      const padding = 4 * devicePixelRatio;
      const right = chart.valToPos(Math.min(room, chart.scales.x.max), 'x', true);
      if (left + padding + ctx.measureText(each.what).width > right) continue;
      ctx.globalAlpha = 1;
      ctx.fillStyle = text;
      ctx.fillText(each.what, left + padding, top + height / 2);
    }
    ctx.restore();
  };

  /** One lane for each target of a fault, and a line that names the faults under the cursor. */
  const drawFaults = (host, { at, faults }, common) => {
    const targets = [...new Set(faults.map(({ target }) => target))].sort();
    if (targets.length === 0) return;
    const lane = 24;
    const readout = document.createElement('p');
    readout.className = 'readout';
    const boxOf = ({ target, from }, { bbox }) => {
      const later = faults.filter((fault) => fault.target === target && fault.from > from);
      const room = Math.min(...later.map((fault) => fault.from));
      const height = bbox.height / targets.length;
      const top = bbox.top + targets.indexOf(target) * height;
      return { top: top + height * 0.1, height: height * 0.8, alpha: 0.6, room };
    };
    const showActive = (chart) => {
      const { left } = chart.cursor;
      if (left === undefined || left < 0) return (readout.textContent = '');
      const [from, to] = [left - 2, left + 2].map((x) => chart.posToVal(x, 'x'));
      const under = faults.filter((fault) => fault.from <= to && fault.to >= from);
      const active = under.map(({ what, from: start, to: end }) => {
        return `${what} for ${(end - start).toFixed(1)} s`;
      });
      readout.textContent = `${clock((from + to) / 2)}  ${active.join(', ') || 'no fault'}`;
    };
    const options = {
      ...common,
      height: 50 + targets.length * lane,
      legend: { show: false },
      scales: { ...common.scales, y: { range: [0, targets.length] } },
      axes: axes({
        splits: () => targets.map((_, i) => targets.length - i - 0.5),
        values: () => targets,
        grid: { show: false },
      }),
      series: [{}, { show: true, points: { show: false } }],
      hooks: { draw: [shade(faults, boxOf)], setCursor: [showActive] },
    };
    draw(host, 'Faults, by target', options, [at, at.map(() => null)]);
    host.append(readout);
  };

  const drawLayer = (host) => {
    const timeline = timelines[Number(host.dataset.layer)];
    const { at, faults } = timeline;
    const end = Math.max(at.at(-1), ...faults.map(({ to }) => to));
    const common = {
      cursor: { sync: { key: `layer ${host.dataset.layer}` }, drag: { x: true, y: false } },
      scales: {
        x: {
          time: false,
          range: (_, from, to) => (to - from < at.at(-1) - at[0] ? [from, to] : [0, end]),
        },
      },
    };
    const behind = (_, { bbox }) => ({ top: bbox.top, height: bbox.height, alpha: 0.15 });
    const lines = (title, named, digits, format) => {
      const names = Object.keys(named);
      if (names.length === 0) return;
      const value = (_, y) => (y == null ? '–' : format(y, digits));
      const series = names.map((label, i) => ({
        label,
        value,
        stroke: `hsl(${(215 + i * 137.5) % 360} 70% ${dark.matches ? 65 : 42}%)`,
        width: 1.5,
        points: { show: false },
      }));
      const options = {
        ...common,
        scales: { ...common.scales, y: { range: (_, __, max) => [0, (max || 1) * 1.1] } },
        axes: axes({ values: (_, splits) => splits.map((y) => format(y, 0)) }),
        series: [{ label: 'time', value: (_, x) => (x == null ? '–' : clock(x)) }, ...series],
        hooks: { drawClear: [shade(faults, behind)] },
      };
      draw(host, title, options, [at, ...names.map((name) => named[name])]);
    };
    const plain = (y, digits) =>
      y.toLocaleString('en-US', { maximumFractionDigits: Math.max(digits, y < 5 ? 1 : 0) });
    const mebibytes = (y, digits) => `${plain(y, digits)} MiB`;

    const throughput = { 'acknowledged per second': timeline.throughput };
    lines('Throughput', { ...throughput, 'not yet known': timeline.unknown }, 1, plain);
    drawFaults(host, timeline, common);
    lines('Waiting', { 'lag of consumers': timeline.lag, outboxes: timeline.outbox }, 0, plain);
    lines('Resident memory', timeline.memory, 0, mebibytes);
    lines('Open files', timeline.files, 0, plain);
  };

  const drawAll = () => {
    for (const chart of charts) chart.destroy();
    charts = [];
    for (const host of document.querySelectorAll('.plots')) {
      host.replaceChildren();
      drawLayer(host);
    }
  };

  drawAll();
  dark.addEventListener('change', drawAll);
  addEventListener('resize', () => {
    for (const chart of charts) {
      chart.setSize({ width: chart.root.parentElement.clientWidth, height: chart.height });
    }
  });
})();
