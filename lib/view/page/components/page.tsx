// The page as a whole.

import { ChannelList } from './channel-list';
import { AllDialogs } from './dialog';
import { Rates } from './rates';
import { TopBar } from './top-bar';
import { Viewer } from './viewer';

export function PageBody() {
  return (
    <>
      <TopBar />
      <main class="main">
        <ChannelList />
        <Viewer />
        <Rates />
      </main>
      <AllDialogs />
    </>
  );
}
