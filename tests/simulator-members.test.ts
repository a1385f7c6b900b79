/** Stories in which people come, go and change their roles. Apart from the others, for another core. */
import { tellStories } from "./support/stories.ts";

tellStories("removals");
