/** Stories in which people come, go and change their roles. Apart from the others, for another core. */
import { tellStories } from "./simulator/tell-stories.ts";

tellStories("removals");
