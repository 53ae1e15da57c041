// The viewer: header, interpretation, legend or banner, the picture, the inspector, the footer.

import { EmptyState } from './empty';
import { Footer } from './footer';
import { HexView } from './hex-view';
import { HistogramView } from './histogram-view';
import { ImageView } from './image-view';
import { Inspector, PhoneFigures } from './inspector';
import { InterpretationRow } from './interpretation';
import { usePage } from './context';
import { ViewerHeader } from './viewer-header';
import { WaveView } from './wave-view';

export function Viewer() {
  const { app } = usePage();
  const settings = app.selection.settings.value;
  const view = settings?.view;
  const empty = app.empty.value;
  return (
    <section class={`panel viewer view-${view ?? 'none'}`} aria-label="Viewer">
      <ViewerHeader />
      <InterpretationRow />
      <div class="stage">
        <div
          class={`picture ${app.isDimmed.value ? 'is-dimmed' : ''}`}
          role="tabpanel"
          id="picture"
          aria-labelledby={view === undefined ? undefined : `tab-${view}`}
        >
          {view === 'wave' && <WaveView />}
          {view === 'image' && <ImageView />}
          {view === 'hist' && <HistogramView />}
          {view === 'hex' && <HexView />}
          {empty !== undefined && <EmptyState empty={empty} />}
        </div>
        <PhoneFigures />
        <Inspector />
      </div>
      <Footer />
    </section>
  );
}
