pub struct Timeline;
