// The part of ECharts that is used, and nothing more.
import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([CustomChart, LineChart, ScatterChart, GridComponent, CanvasRenderer]);

// An attachment: a chart that follows its option and the size of its place. `placed` is told when either has changed.
export function drawing(option, placed = () => {}) {
  return (node) => {
    const chart = init(node, null, { renderer: "canvas" });
    const watch = new ResizeObserver(() => { chart.resize(); placed(chart); });
    watch.observe(node);
    $effect(() => {
      chart.setOption(option(), { notMerge: true });
      placed(chart);
    });
    return () => { watch.disconnect(); chart.dispose(); };
  };
}
