// Which errors a channel has, and a way to the newest frame with one.

import { counted, group } from '../model/format';
import { usePage } from './context';
import { TriangleIcon } from './icons';

export function ChannelErrors() {
  const { app } = usePage();
  const channel = app.errorsOf.value;
  const status = channel === undefined ? undefined : app.channels.all.value.get(channel);
  if (channel === undefined || status === undefined || status.errors === 0) return null;
  const { errors, errorCounts, lastError } = status;
  const verb = errors === 1 ? 'has' : 'have';
  const show = (): void => {
    if (lastError === undefined) {
      app.warn('The frame is gone.', 'The gateway keeps no frame of this channel with an error.');
      return;
    }
    app.select(channel);
    app.pause(lastError);
  };
  return (
    <div class="channel-errors" role="group" aria-label={`Errors of channel ${channel}`}>
      <div class="channel-errors-head">
        <strong class="tone-warn">
          <TriangleIcon /> {group(errors)} {errors === 1 ? 'frame' : 'frames'} of channel {channel} {verb} an
          error
        </strong>
        <button type="button" class="button" onClick={show}>
          Show the last one
        </button>
      </div>
      <p>{errorCounts.map(([error, frames]) => `Error ${error}: ${counted(frames, 'frame')}.`).join(' ')}</p>
    </div>
  );
}
